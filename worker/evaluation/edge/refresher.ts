import type { Slug } from "../../../shared/schema/names.ts";
import type { Pointer } from "../../../shared/schema/pointer.ts";
import { adoptPointer } from "./adopt-pointer.ts";
import type { BreakGlassReader } from "./break-glass-reader.ts";
import type { CacheTrial } from "./cache-trial.ts";
import { CACHE_PATIENCE_MS, type EdgeSources, patiently } from "./edge-sources.ts";
import type { CurrentOptions } from "./loaded.ts";
import type { PointerReader } from "./pointer-reader.ts";
import type { ProjectMemory, ProjectState } from "./project-memory.ts";
import { giveLeaseBack, keepLeaseAfterFailure } from "./refresh-lease.ts";
import { reportServed } from "./served-reports.ts";
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

  /**
   * Under the request that found the pointer old; ends when what the pointer names is there or cannot be had. The cache
   * gets its copy afterwards, what was served is reported, and now and then the cache is tried out. Never rejects.
   */
  start(environment: Slug, state: ProjectState, waitUntil: WaitUntil, options: CurrentOptions): Promise<void> {
    const refreshing = this.#refresh(environment, state, options);
    waitUntil(refreshing.then(() => this.#parts.snapshots.keepCopy(state)));
    waitUntil(refreshing.then(() => reportServed(state, this.#sources, this.#parts.cacheTrial.works)));
    const trying = this.#parts.cacheTrial.run();
    if (trying) waitUntil(trying);
    return refreshing;
  }

  async #refresh(environment: Slug, state: ProjectState, options: CurrentOptions): Promise<void> {
    try {
      const next = await this.#parts.pointers.read(state, options);
      if (next === "claimed" || next === "turned away") return giveLeaseBack(state);
      state.failedAt = null;
      if (next === null) {
        this.#noteMissing(state);
        return giveLeaseBack(state);
      }
      state.missingSince = null;
      adoptPointer(state, next.held, this.#sources);
      await Promise.all([
        this.#tellOthers(state, next.answer),
        this.#parts.snapshots.load([environment, ...state.environments.keys()], state),
      ]);
    } catch (error) {
      keepLeaseAfterFailure(state, this.#sources.now(), this.#sources.random());
      this.#sources.report({ event: "refresh-failed", project: state.project, error: String(error) });
      await this.#parts.breakGlass.read(state, true);
    }
  }

  /** The pointer's lease does not wait for snapshots, which have turns of their own: the next kill is due before. */
  async #tellOthers(state: ProjectState, answer: Pointer | undefined): Promise<void> {
    await Promise.all([
      answer && patiently(this.#sources, CACHE_PATIENCE_MS, this.#sources.keepPointer(answer)),
      this.#parts.breakGlass.read(state, false),
    ]);
    giveLeaseBack(state);
  }

  /** The store has said that there is no such project. */
  #noteMissing(state: ProjectState): void {
    state.missingSince = this.#sources.now();
    if (!state.proven && state.held === null) this.#parts.memory.forget(state, state.missingSince);
    state.held = null;
    state.environments.clear();
    for (const loading of state.loading.values()) loading.stop();
  }
}
