import type { Slug } from "../../../shared/schema/names.ts";

/** Look-ups of unproven names that one isolate makes: this many at once, and then so many a second. */
export const LOOK_UPS_AT_ONCE = 20;
export const LOOK_UPS_PER_S = 5;
/** The list of all projects is read at most this often (ms), whether or not it could be had. */
export const LIST_EVERY_MS = 2_000;
/** A request that needs the list waits this long (ms) for it, looking this often (ms). */
const LIST_WAIT_MS = 1_000;
const LIST_POLL_MS = 25;
/** That names are turned away is logged at most this often (ms). */
const REPORT_EVERY_MS = 10_000;

export interface UnknownNamesSources {
  now(): number;
  wait(ms: number): Promise<void>;
  /** The names of all projects, from the data centre's copy or the directory. */
  projectNames(): Promise<readonly string[]>;
  report(event: { event: string } & Record<string, string | number>): void;
}

/**
 * Decides which names that nobody has proven may be looked up in the store: each look-up starts an object, and anybody
 * can make names up. A few pass unasked. When more come, one question to the directory tells the real ones from all
 * others: a project that it lists always passes, so a flood of made-up names keeps no real project out. Whatever it
 * does not list, as a project made within the last seconds, passes at the bounded rate.
 */
export class UnknownNames {
  readonly #sources: UnknownNamesSources;
  #tokens = LOOK_UPS_AT_ONCE;
  #countedAt = 0;
  #names: ReadonlySet<string> | null = null;
  #askedAt = Number.NEGATIVE_INFINITY;
  #answered = true;
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor(sources: UnknownNamesSources) {
    this.#sources = sources;
  }

  async admits(project: Slug): Promise<boolean> {
    if (this.#take() || this.#names?.has(project)) return true;
    await this.#list();
    if (this.#names?.has(project) || this.#take()) return true;
    const now = this.#sources.now();
    if (Math.abs(now - this.#reportedAt) >= REPORT_EVERY_MS) {
      this.#reportedAt = now;
      this.#sources.report({ event: "unknown-names-turned-away" });
    }
    return false;
  }

  #take(): boolean {
    const now = this.#sources.now();
    // A clock that was set back gives nothing, and takes nothing.
    const earned = (Math.max(0, now - this.#countedAt) * LOOK_UPS_PER_S) / 1_000;
    this.#tokens = Math.min(LOOK_UPS_AT_ONCE, this.#tokens + earned);
    this.#countedAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** Reads the list unless that was done just now; requests share its result and never the promise of another one. */
  async #list(): Promise<void> {
    const now = this.#sources.now();
    if (Math.abs(now - this.#askedAt) >= LIST_EVERY_MS) {
      this.#askedAt = now;
      this.#answered = false;
      try {
        const late = this.#sources.wait(LIST_WAIT_MS).then(() => null);
        const names = await Promise.race([this.#sources.projectNames(), late]);
        if (names !== null) this.#names = new Set(names);
      } catch (error) {
        // The names known before go on counting.
        this.#sources.report({ event: "project-names-unreadable", error: String(error) });
      }
      this.#answered = true;
      return;
    }
    for (let waited = 0; waited < LIST_WAIT_MS && !this.#answered; waited += LIST_POLL_MS)
      await this.#sources.wait(LIST_POLL_MS);
  }
}
