import type { Slug } from "../../../shared/schema/names.ts";
import { adoptPointer } from "./adopt-pointer.ts";
import type { BreakGlassReader } from "./break-glass-reader.ts";
import type { CacheTrial } from "./cache-trial.ts";
import { CACHE_PATIENCE_MS, type EdgeSources, patiently } from "./edge-sources.ts";
import type { CurrentOptions } from "./loaded.ts";
import type { PointerReader } from "./pointer-reader.ts";
import type { ProjectMemory, ProjectState } from "./project-memory.ts";
import { giveLeaseBack, keepLeaseAfterFailure } from "./refresh-lease.ts";
import type { SnapshotLoader } from "./snapshot-loader.ts";

export type WaitUntil = (work: Promise<unknown>) => void;

export interface RefresherParts {
  readonly memory: Pick<ProjectMemory, "forget">;
  readonly pointers: PointerReader;
  readonly snapshots: SnapshotLoader;
  readonly breakGlass: BreakGlassReader;
  readonly cacheTrial: CacheTrial;
}

/** Brings what is known of a project up to date, for the request that has taken its lease. */
export class Refresher {
  readonly #sources: EdgeSources;
  readonly #parts: RefresherParts;

  constructor(sources: EdgeSources, parts: RefresherParts) {
    this.#sources = sources;
    this.#parts = parts;
  }

  /** Under the request that found the pointer old. Now and then the cache is tried out beside it. Never rejects. */
  start(environment: Slug, state: ProjectState, waitUntil: WaitUntil, options: CurrentOptions): Promise<void> {
    const refreshing = this.#refresh(environment, state, options);
    waitUntil(refreshing);
    const trying = this.#parts.cacheTrial.run();
    if (trying) waitUntil(trying);
    return refreshing;
  }

  async #refresh(environment: Slug, state: ProjectState, options: CurrentOptions): Promise<void> {
    try {
      const next = await this.#parts.pointers.read(state, options);
      if (next !== "claimed" && next !== "turned away") {
        state.failedAt = null;
        if (next === null) this.#noteMissing(state);
        else {
          state.missingSince = null;
          adoptPointer(state, next.held, this.#sources);
          const names = new Set([environment, ...state.environments.keys()]);
          await Promise.all([
            next.answer && patiently(this.#sources, CACHE_PATIENCE_MS, this.#sources.keepPointer(next.answer)),
            this.#parts.breakGlass.read(state, false),
            ...[...names].map((name) => this.#parts.snapshots.load(name, state)),
          ]);
        }
      }
      giveLeaseBack(state);
    } catch (error) {
      keepLeaseAfterFailure(state, this.#sources.now(), this.#sources.random());
      this.#sources.report({ event: "refresh-failed", project: state.project, error: String(error) });
      await this.#parts.breakGlass.read(state, true);
    }
  }

  /** The store has said that there is no such project. */
  #noteMissing(state: ProjectState): void {
    state.missingSince = this.#sources.now();
    if (!state.proven && state.held === null) this.#parts.memory.forget(state, state.missingSince);
    state.held = null;
    state.environments.clear();
  }
}
