import type { Slug } from "../../../shared/schema/names.ts";
import type { BreakGlass } from "../../../shared/schema/pointer.ts";
import type { ServedReport } from "../../../shared/schema/propagation.ts";
import type { Kill } from "../../../shared/schema/snapshot.ts";
import type { Loaded } from "./loaded.ts";
import { Loading } from "./loading.ts";
import { SNAPSHOTS_BYTES } from "./memory-budget.ts";
import { ageOf, type HeldPointer, STALE_MS } from "./pointer-lane.ts";

/** A break-glass kill, and when KV last showed it (epoch ms). */
export interface ShownKill {
  readonly environment: Slug;
  readonly kill: Kill;
  readonly at: number;
}

/** A revision that was first served here, by this isolate's clock. */
export type ServedFirst = ServedReport["served"][number] & {
  /** This isolate reports it for its data centre, and has not succeeded yet. */
  readonly claimed?: true;
};

/** What an isolate knows of one project. */
export interface ProjectState {
  readonly project: Slug;
  held: HeldPointer | null;
  /** From this age (ms) on, what is held is refreshed. */
  refreshAge: number;
  /** From this age (ms) on, requests wait for that. */
  staleAge: number;
  /** When the relay last failed or was slow (epoch ms): then it is left alone for a while. */
  relayFailedAt: number;
  /** Store's clock minus ours (ms), learnt from its answers. */
  clockOffset: number | null;
  /** The store has said that there is no such project (epoch ms); asked again after a while. */
  missingSince: number | null;
  leaseUntil: number;
  /** When a refresh last failed or never came back (epoch ms); null once one has succeeded. */
  failedAt: number | null;
  /** Somebody in this isolate wrote this revision: evaluations wait for it, if not for long. */
  requiredRevision: number;
  breakGlass: BreakGlass | null;
  /** The same, and when KV last showed each. */
  breakGlassShown: readonly ShownKill[];
  breakGlassAt: number;
  /** How often in a row requests met the same clock reading. */
  sameInstant: { at: number; count: number };
  /** Revisions first served here that are not reported yet. */
  news: ServedFirst[];
  /** Answers given since then with knowledge older than it may be. */
  staleServed: number;
  /** When they were last reported (epoch ms). */
  staleToldAt: number;
  /** What was last reported of the data centre's cache. */
  cacheTold: boolean | null;
  readonly environments: Map<Slug, Loaded>;
  /** Next versions on their way into memory. */
  readonly loading: Map<Slug, Loading>;
  /** Somebody has shown a secret of this project; until then its name may be made up. */
  proven: boolean;
}

/** Proven projects in one isolate's memory; beyond, the one longest unused goes. */
const MAX_PROVEN = 200;
/** Projects of which nobody has shown a secret, but which the store knows; what their snapshots take is bounded apart. */
const MAX_CONFIRMED = 200;
/** Names that anybody may have made up, and that the store has not answered for yet. */
const MAX_UNCONFIRMED = 50;
/** Names that the store does not know. Each is a name and two numbers. */
const MAX_MISSING = 1_000;
/** A project in use is refreshed about once a second: one whose pointer is older than this (ms) is idle. */
const IDLE_MS = 60_000;
/** A name that the store did not know is asked for again after this long (ms). */
const MISSING_MS = 10_000;
/** So many answers from memory, and the name is looked up again: a clock that stands still must not make it last. */
const MISSING_ANSWERS = 256;

/**
 * The projects of one isolate in three places, so that names that anybody can make up push nothing out that is real:
 * projects of which a secret was shown, names of which none was shown yet, and names that the store does not know.
 */
export class ProjectMemory {
  readonly #proven = new Map<string, ProjectState>();
  readonly #unproven = new Map<string, ProjectState>();
  readonly #missing = new Map<string, { since: number; answers: number }>();
  /** All that goes on, also for projects that were pushed out meanwhile. */
  readonly #loadings = new Map<Loading, ProjectState>();

  /** Of all snapshots together. */
  readonly maxBytes: number;

  constructor(maxBytes = SNAPSHOTS_BYTES) {
    this.maxBytes = maxBytes;
  }

  /** How many there are of each, for tests. */
  get sizes(): { proven: number; unproven: number; missing: number } {
    return { proven: this.#proven.size, unproven: this.#unproven.size, missing: this.#missing.size };
  }

  /** What is known of the project; it counts as used. */
  find(project: Slug): ProjectState | undefined {
    const state = this.#proven.get(project);
    if (state === undefined) return this.#unproven.get(project);
    // Order matters only once something may have to go.
    if (this.#proven.size > MAX_PROVEN / 2) {
      this.#proven.delete(project);
      this.#proven.set(project, state);
    }
    return state;
  }

  /** The same without counting as a use. */
  peek(project: Slug): ProjectState | undefined {
    return this.#proven.get(project) ?? this.#unproven.get(project);
  }

  /** Makes room for a project that is not known here. */
  enter(project: Slug, proven: boolean): ProjectState {
    const state = newState(project);
    if (proven) this.prove(state);
    else {
      this.#makeRoomForName();
      this.#unproven.set(project, state);
    }
    return state;
  }

  /** A name that may be made up pushes out such names only, and a project that the store knows the longest idle one. */
  #makeRoomForName(): void {
    let oldest: ProjectState | undefined;
    let idlest: ProjectState | undefined;
    let confirmed = 0;
    for (const state of this.#unproven.values()) {
      if (state.held === null) oldest ??= state;
      else {
        confirmed++;
        if (!idlest?.held || state.held.stampedAt < idlest.held.stampedAt) idlest = state;
      }
    }
    if (oldest && this.#unproven.size - confirmed >= MAX_UNCONFIRMED) this.#unproven.delete(oldest.project);
    if (idlest && confirmed >= MAX_CONFIRMED) this.#drop(idlest);
  }

  /** The project is real: a secret of it was shown, or somebody with the right to has written to it. */
  prove(state: ProjectState): void {
    if (state.proven) return;
    state.proven = true;
    const { project } = state;
    this.#missing.delete(project);
    if (this.#unproven.get(project) === state) this.#unproven.delete(project);
    // One that was entered anew while this one waited for its look-up stays.
    if (this.#proven.has(project)) return;
    makeRoom(this.#proven, MAX_PROVEN);
    this.#proven.set(project, state);
  }

  /** The store does not know an unproven name: only the name stays. */
  forget({ project }: ProjectState, now: number): void {
    this.#unproven.delete(project);
    this.#missing.delete(project);
    makeRoom(this.#missing, MAX_MISSING);
    this.#missing.set(project, { since: now, answers: 0 });
  }

  /** The next version of an environment that exists: anybody can make up the name of one. */
  loadingOf(state: ProjectState, environment: Slug): Loading {
    let loading = state.loading.get(environment);
    if (!loading) {
      loading = new Loading();
      state.loading.set(environment, loading);
    }
    this.#loadings.set(loading, state);
    return loading;
  }

  /** What snapshots take of memory, loads that are under way included. */
  bytes(now: number): number {
    let bytes = 0;
    for (const state of [...this.#proven.values(), ...this.#unproven.values()]) bytes += bytesOf(state);
    for (const [loading, state] of this.#loadings) {
      // Of a project that was pushed out, by a request that is gone.
      if (this.peek(state.project) !== state && !loading.isLive(now)) this.#loadings.delete(loading);
      else bytes += loading.reserved;
    }
    return bytes;
  }

  /**
   * Makes room for so many bytes more of a project's snapshots: others go, unproven ones and the longest idle first, but
   * an unproven one pushes no proven one out that is in use. False, and nothing has gone, when there is no room.
   */
  makeRoomFor(state: ProjectState, bytes: number, now: number): boolean {
    let excess = this.bytes(now) + bytes - this.maxBytes;
    const age = ({ held }: ProjectState) => ageOf(held, now);
    const oldest = (states: Iterable<ProjectState>) =>
      [...states]
        .filter((other) => other !== state && bytesOf(other) > 0)
        .sort((a, b) => Number(age(b) > age(a)) - Number(age(b) < age(a)));
    const candidates = [
      ...oldest(this.#unproven.values()),
      ...oldest(this.#proven.values()).filter((other) => state.proven || age(other) >= IDLE_MS),
    ];
    const going: ProjectState[] = [];
    for (const other of candidates) {
      if (excess <= 0) break;
      going.push(other);
      excess -= bytesOf(other) + reservedOf(other);
    }
    if (excess > 0) return false;
    for (const other of going) this.#drop(other);
    return true;
  }

  #drop(state: ProjectState): void {
    this.#unproven.delete(state.project);
    this.#proven.delete(state.project);
    for (const loading of state.loading.values()) {
      loading.stop();
      this.#loadings.delete(loading);
    }
  }

  /** Whether the store has said lately that it does not know this name. */
  isMissing(project: Slug, now: number): boolean {
    const known = this.#missing.get(project);
    if (known === undefined) return false;
    if (Math.abs(now - known.since) < MISSING_MS && known.answers++ < MISSING_ANSWERS) return true;
    this.#missing.delete(project);
    return false;
  }
}

const bytesOf = ({ environments }: ProjectState): number => {
  let bytes = 0;
  for (const loaded of environments.values()) bytes += loaded.bytes;
  return bytes;
};

const reservedOf = ({ loading }: ProjectState): number => {
  let bytes = 0;
  for (const { reserved } of loading.values()) bytes += reserved;
  return bytes;
};

/** Takes the longest unused entry out of a full map. */
function makeRoom(map: Map<string, unknown>, max: number): void {
  if (map.size < max) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    break;
  }
}

const newState = (project: Slug): ProjectState => ({
  project,
  held: null,
  refreshAge: 0,
  staleAge: STALE_MS,
  relayFailedAt: Number.NEGATIVE_INFINITY,
  clockOffset: null,
  missingSince: null,
  leaseUntil: 0,
  failedAt: null,
  requiredRevision: 0,
  breakGlass: null,
  breakGlassShown: [],
  breakGlassAt: Number.NEGATIVE_INFINITY,
  sameInstant: { at: 0, count: 0 },
  news: [],
  staleServed: 0,
  staleToldAt: Number.NEGATIVE_INFINITY,
  cacheTold: null,
  environments: new Map(),
  loading: new Map(),
  proven: false,
});
