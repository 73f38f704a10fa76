import { type EdgeSources, patiently } from "./edge-sources.ts";

/** The cache is tried out this often (ms). What takes longer to be kept than a pointer's copy lives is of no use. */
const TRIAL_EVERY_MS = 300_000;
const TRIAL_MS = 1_000;

/** Finds out whether this data centre's cache keeps things: on some hosts the Cache API takes everything and has nothing. */
export class CacheTrial {
  readonly #sources: Pick<EdgeSources, "colo" | "now" | "report" | "tryCache" | "wait">;
  #works: boolean | null = null;
  #triedAt = Number.NEGATIVE_INFINITY;

  constructor(sources: Pick<EdgeSources, "colo" | "now" | "report" | "tryCache" | "wait">) {
    this.#sources = sources;
  }

  /** Null until the first trial has ended. */
  get works(): boolean | null {
    return this.#works;
  }

  /** Tries the cache out when that was not done lately; null: nothing to wait for. */
  run(): Promise<void> | null {
    const now = this.#sources.now();
    if (Math.abs(now - this.#triedAt) < TRIAL_EVERY_MS) return null;
    this.#triedAt = now;
    return this.#try();
  }

  async #try(): Promise<void> {
    // A look-up may be slow for once, and what it decides holds for minutes.
    const works = (await this.#once()) || (await this.#once());
    if (works !== this.#works && !(works && this.#works === null))
      this.#sources.report({
        event: works ? "cache-works-again" : "cache-does-not-work",
        colo: this.#sources.colo() ?? "unknown",
      });
    this.#works = works;
  }

  async #once(): Promise<boolean> {
    return (await patiently(this.#sources, TRIAL_MS, this.#sources.tryCache())) ?? false;
  }
}
