import type { Slug } from "../../../shared/schema/names.ts";
import type { Pointer } from "../../../shared/schema/pointer.ts";
import { CACHE_PATIENCE_MS, type EdgeSources, patiently, RELAY_PATIENCE_MS, RELAY_REST_MS } from "./edge-sources.ts";
import type { CurrentOptions } from "./loaded.ts";
import {
  ageOf,
  BOUND_MS,
  CLAIM_PAUSES_MS,
  type HeldPointer,
  isClaimed,
  placeAnswer,
  placeCopy,
  placeRelayed,
  STALE_MS,
  supersedes,
} from "./pointer-lane.ts";
import type { ProjectState } from "./project-memory.ts";
import { isFailing } from "./refresh-lease.ts";

/**
 * A pointer, with the store's own answer for the data centre's cache; "claimed": others are asking, look again later;
 * "turned away": nobody has proven the name; null: there is no such project.
 */
export type ReadPointer = { held: HeldPointer; answer?: Pointer } | "claimed" | "turned away" | null;

const FAILED = "failed";

export interface PointerReaderDeps {
  /** Whether a name that nobody has proven may be looked up in the store. */
  mayLookUp(project: Slug): Promise<boolean>;
}

/** Reads a project's pointer: from the data centre's cache while that is young enough, a near relay, or the store. */
export class PointerReader {
  readonly #sources: EdgeSources;
  readonly #deps: PointerReaderDeps;

  constructor(sources: EdgeSources, deps: PointerReaderDeps) {
    this.#sources = sources;
    this.#deps = deps;
  }

  /** Throws when neither can be had. */
  async read(state: ProjectState, options: CurrentOptions): Promise<ReadPointer> {
    if (options.maxAgeMs !== undefined) {
      const copy = await this.#youngCopy(state, options.maxAgeMs);
      if (copy) return { held: copy };
    } else {
      const near = this.#mayAskRelay(state) ? await this.#nearCopy(state) : null;
      if (near) return near;
      const copy = await this.#centresCopy(state);
      if (copy === "claimed") {
        // One after another has asked and none has got an answer.
        const now = this.#sources.now();
        if (ageOf(state.held, now) >= BOUND_MS || isFailing(state, now))
          throw new Error("other isolates of this data centre ask in vain");
        return "claimed";
      }
      if (copy) return { held: copy };
    }
    // The name was asked for by somebody who has shown nothing, and the store has never confirmed it.
    if (!state.proven && state.held === null && !(await this.#deps.mayLookUp(state.project))) return "turned away";
    return this.#storesAnswer(state);
  }

  /** Claims to be asking, asks, and learns from the answer how far the clocks are apart. */
  async #storesAnswer(state: ProjectState): Promise<{ held: HeldPointer; answer: Pointer } | null> {
    const { project } = state;
    const askedAt = this.#sources.now();
    const claiming = patiently(this.#sources, CACHE_PATIENCE_MS, this.#sources.claim(project));
    const pointer = await this.#sources.storePointer(project);
    await claiming;
    if (!pointer) return null;
    const { held, clockOffset } = placeAnswer(pointer, askedAt);
    state.clockOffset = clockOffset;
    return { held, answer: pointer };
  }

  /**
   * A newer pointer from the data centre's cache. While another isolate of the centre has claimed to be asking the
   * store, looks again for its answer, for longer than a claim lasts; null when it is this isolate's turn to ask,
   * "claimed" when yet another one has taken it.
   */
  async #centresCopy(state: ProjectState): Promise<HeldPointer | "claimed" | null> {
    const { project } = state;
    for (const pause of [...CLAIM_PAUSES_MS, 0]) {
      const [cached, claimedAt] = await Promise.all([
        patiently(this.#sources, CACHE_PATIENCE_MS, this.#sources.cachedPointer(project)),
        patiently(this.#sources, CACHE_PATIENCE_MS, this.#sources.claimedAt(project)),
      ]);
      const now = this.#sources.now();
      const copy = cached && placeCopy(cached, now, state.clockOffset);
      const newer = copy && cached.revision >= state.requiredRevision && cached.asOf > (state.held?.pointer.asOf ?? 0);
      if (newer) return copy;
      const required = (state.held?.pointer.revision ?? 0) < state.requiredRevision;
      if (required || !isClaimed(claimedAt, now)) return null;
      if (pause > 0) await this.#sources.wait(pause);
    }
    return "claimed";
  }

  /**
   * Only while requests wait: what is refreshed behind them has time for the way to the store. A relay cannot know of a
   * write that just went through this isolate, and there is none for names that anybody can make up.
   */
  #mayAskRelay(state: ProjectState): boolean {
    const now = this.#sources.now();
    const isRequired = (state.held?.pointer.revision ?? 0) < state.requiredRevision;
    const isResting = Math.abs(now - state.relayFailedAt) < RELAY_REST_MS;
    const isReal = state.proven || state.held !== null;
    return this.#sources.hasRelay() && isReal && !isRequired && !isResting && ageOf(state.held, now) >= state.staleAge;
  }

  /** A copy that need not be waited for long: the data centre's, else the relay's. Null: the store has to be asked. */
  async #nearCopy(state: ProjectState): Promise<{ held: HeldPointer; answer?: Pointer } | null> {
    const copy = await this.#youngCopy(state, STALE_MS);
    if (copy) return { held: copy };
    const askedAt = this.#sources.now();
    const relayed = await Promise.race([
      this.#sources.relayPointer(state.project).catch(() => FAILED as typeof FAILED),
      this.#sources.wait(RELAY_PATIENCE_MS).then(() => FAILED as typeof FAILED),
    ]);
    const now = this.#sources.now();
    if (relayed === FAILED) state.relayFailedAt = now;
    if (relayed === FAILED || relayed === null) return null;
    const held = placeRelayed(relayed, askedAt, now, state.clockOffset);
    const isNews = held !== null && supersedes(held.pointer, state.held?.pointer);
    // One that has lost its signal has nothing younger than what is known here.
    return isNews && held.stampedAt > (state.held?.stampedAt ?? 0) ? { held, answer: held.pointer } : null;
  }

  /** The data centre's copy, if it is no older than this (ms): then the store need not be asked. */
  async #youngCopy(state: ProjectState, maxAgeMs: number): Promise<HeldPointer | null> {
    const cached = await patiently(this.#sources, CACHE_PATIENCE_MS, this.#sources.cachedPointer(state.project));
    const now = this.#sources.now();
    const copy = cached && placeCopy(cached, now, state.clockOffset);
    return copy && copy.pointer.revision >= state.requiredRevision && ageOf(copy, now) <= maxAgeMs ? copy : null;
  }
}
