import type { Slug } from "../../../shared/schema/names.ts";
import type { BreakGlass, Pointer } from "../../../shared/schema/pointer.ts";
import { BreakGlassReader } from "./break-glass-reader.ts";
import { CacheTrial } from "./cache-trial.ts";
import type { EdgeSources } from "./edge-sources.ts";
import { enforceKills } from "./kills-in-force.ts";
import type { CurrentOptions, Known } from "./loaded.ts";
import { ageOf, freshness, mayRevalidate, namedIn, WAIT_COLD_MS, waitFor } from "./pointer-lane.ts";
import { PointerReader } from "./pointer-reader.ts";
import { ProjectMemory, type ProjectState } from "./project-memory.ts";
import { isClockFrozen, isFailing, takeLease } from "./refresh-lease.ts";
import { Refresher, type WaitUntil } from "./refresher.ts";
import { SnapshotLoader } from "./snapshot-loader.ts";
import { UnknownNames } from "./unknown-names.ts";

const NO_OPTIONS: CurrentOptions = {};

/** A project that was there, and is not any more, is asked for again after this long (ms). */
const MISSING_MS = 2_000;
const POLL_MS = 5;
/** Below this age (ms) `onStale` cannot apply: its least setting is 5 s. */
const ON_STALE_FROM_MS = 5_000;

/**
 * What one isolate knows. Requests share plain state and a lease timestamp, never a promise or an I/O object of
 * another request: the request that finds the pointer old takes the lease and refreshes under its own `waitUntil`, everybody
 * waits on a timer of their own, and if the refresher's request dies the lease runs out.
 */
export class Edge {
  readonly #sources: EdgeSources;
  readonly #memory: ProjectMemory;
  readonly #unknownNames: UnknownNames;
  readonly #snapshots: SnapshotLoader;
  readonly #refresher: Refresher;

  constructor(sources: EdgeSources, memory = new ProjectMemory()) {
    this.#sources = sources;
    this.#memory = memory;
    this.#unknownNames = new UnknownNames(sources);
    this.#snapshots = new SnapshotLoader(sources, this.#memory);
    const cacheTrial = new CacheTrial(sources);
    const pointers = new PointerReader(sources, {
      mayLookUp: (project) => this.#unknownNames.admits(project),
    });
    this.#refresher = new Refresher(sources, {
      memory: this.#memory,
      pointers,
      snapshots: this.#snapshots,
      breakGlass: new BreakGlassReader(sources),
      cacheTrial,
    });
  }

  /** How many projects are remembered, and how, for tests. */
  get sizes(): ProjectMemory["sizes"] {
    return this.#memory.sizes;
  }

  /**
   * What to evaluate with: as fresh as the age rule asks, else the last known good. "missing": there is no such
   * project or environment. "unreachable": nothing at all could be learnt of it. A promise only if there is something
   * to wait for, which for most requests there is not.
   */
  current(
    project: Slug,
    environment: Slug,
    waitUntil: WaitUntil,
    options: CurrentOptions = NO_OPTIONS,
  ): Known | Promise<Known> {
    const now = this.#sources.now();
    let state = this.#memory.find(project);
    if (state === undefined) {
      const vouched = options.vouched === true;
      if (!vouched && this.#memory.isMissing(project, now)) return "missing";
      state = this.#memory.enter(project, vouched);
    } else if (!state.proven && options.vouched === true) this.#memory.prove(state);
    const frozen = isClockFrozen(state, now);
    if (state.missingSince !== null && !frozen && Math.abs(now - state.missingSince) < MISSING_MS) return "missing";
    const loaded = state.environments.get(environment);
    const age = ageOf(state.held, now);
    const behind =
      (state.held?.pointer.revision ?? 0) < state.requiredRevision ||
      age > (options.maxAgeMs ?? Number.POSITIVE_INFINITY);
    const { pace } = this.#sources;
    const fresh = frozen && state.held ? "aging" : freshness(age / pace, state.refreshAge, state.staleAge);
    if (!behind && fresh !== "stale") {
      if (loaded) {
        if (fresh === "aging" && takeLease(state, now))
          void this.#refresher.start(environment, state, waitUntil, options);
        return loaded;
      }
      if (!namedIn(state.held, environment)) return "missing";
    }
    if (loaded && !behind && mayRevalidate(state.held, environment, age)) {
      if (takeLease(state, now)) void this.#refresher.start(environment, state, waitUntil, options);
      if (age >= ON_STALE_FROM_MS) enforceKills(state, environment, loaded, age);
      return loaded;
    }
    const entered = state;
    return this.#waitForRefresh(environment, entered, waitUntil, options).then(() => this.#best(environment, entered));
  }

  /** The pointer and the break-glass kills that are held of a project; null when nothing is. */
  held(project: Slug): { pointer: Pointer; breakGlass: BreakGlass | null } | null {
    const state = this.#memory.peek(project);
    return state?.held ? { pointer: state.held.pointer, breakGlass: state.breakGlass } : null;
  }

  /** How old (ms) what is known of a project is; infinite when nothing is. */
  age(project: Slug, now: number): number {
    return ageOf(this.#memory.peek(project)?.held ?? null, now);
  }

  /** A write went through this isolate: its author's next evaluation here is to see it. */
  require(project: Slug, revision: number): void {
    const state = this.#memory.find(project) ?? this.#memory.enter(project, true);
    this.#memory.prove(state);
    state.requiredRevision = Math.max(state.requiredRevision, revision);
    state.missingSince = null;
  }

  /** Somebody has shown a secret of this project that is none of its keys, such as a stream's token. */
  prove(project: Slug): void {
    const state = this.#memory.peek(project);
    if (state) this.#memory.prove(state);
  }

  /**
   * Whether an object of this project may be asked although nobody has proven the name: see `UnknownNames`. For routes
   * that go past `current`.
   */
  async mayAsk(project: Slug): Promise<boolean> {
    return this.#memory.peek(project)?.held != null || this.#unknownNames.admits(project);
  }

  /** Refreshes, or waits for the request that does: on its own timer, counted in turns so that no clock can prolong it. */
  async #waitForRefresh(
    environment: Slug,
    state: ProjectState,
    waitUntil: WaitUntil,
    options: CurrentOptions,
  ): Promise<void> {
    const warm = state.environments.has(environment);
    const age = ageOf(state.held, this.#sources.now());
    // Asked again and again: that refreshes fail may turn out while waiting.
    const { pace } = this.#sources;
    const limit = () => (warm ? waitFor(age / pace, isFailing(state, this.#sources.now())) : WAIT_COLD_MS);
    const staleAge = state.staleAge * pace;
    const wantedAge = Math.min(options.maxAgeMs ?? staleAge, staleAge);
    for (let waited = 0; waited < limit(); waited += POLL_MS) {
      const now = this.#sources.now();
      const isRead = this.#isRead(state, wantedAge + waited);
      if (waited > 0 && this.#hasArrived(environment, state, isRead)) return;
      if (isRead && this.#snapshots.isLoading(environment, state)) {
        // What the pointer names is on its way: to ask the store once more brings it no sooner.
        await this.#sources.wait(POLL_MS);
        continue;
      }
      if (takeLease(state, now)) {
        const ended = this.#refresher.start(environment, state, waitUntil, options).then(() => true);
        const inTime = await Promise.race([ended, this.#sources.wait(limit() - waited).then(() => false)]);
        if (warm || !inTime || state.failedAt === null) return;
        // Cold, and refused at once: an earlier isolate's copy, else another try after the lease.
        if (await this.#snapshots.lastResort(environment, state)) return;
        waited += Math.min(WAIT_COLD_MS, Math.max(0, this.#sources.now() - now));
        continue;
      }
      if (isFailing(state, now) && state.environments.has(environment)) return;
      await this.#sources.wait(POLL_MS);
    }
  }

  /** Whether the pointer is as young and as new as is waited for. */
  #isRead(state: ProjectState, withinMs: number): boolean {
    const isNew = (state.held?.pointer.revision ?? 0) >= state.requiredRevision;
    return isNew && ageOf(state.held, this.#sources.now()) < withinMs;
  }

  /** Whether another request's refresh has brought what is waited for. */
  #hasArrived(environment: Slug, state: ProjectState, isRead: boolean): boolean {
    if (state.missingSince !== null) return true;
    const named = namedIn(state.held, environment);
    return isRead && (!named || state.environments.get(environment)?.hash === named.hash);
  }

  async #best(environment: Slug, state: ProjectState): Promise<Known> {
    if (state.missingSince !== null) return "missing";
    const loaded = state.environments.get(environment);
    if (loaded) {
      const age = ageOf(state.held, this.#sources.now());
      if (age >= state.staleAge) state.staleServed++;
      if (age >= ON_STALE_FROM_MS) enforceKills(state, environment, loaded, age);
      return loaded;
    }
    if (state.held && !namedIn(state.held, environment)) return "missing";
    return (await this.#snapshots.lastResort(environment, state)) ?? "unreachable";
  }
}
