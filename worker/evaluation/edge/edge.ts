import { applyKills, compile, staleKills } from "../../../shared/evaluation/compile/compile.ts";
import { re2 } from "../../../shared/evaluation/operators/regex/regex.ts";
import { ownOf } from "../../../shared/own.ts";
import type { SnapshotTest } from "../../../shared/schema/demand-test.ts";
import type { Slug } from "../../../shared/schema/names.ts";
import type { BreakGlass, Pointer } from "../../../shared/schema/pointer.ts";
import type { ServedReport } from "../../../shared/schema/propagation.ts";
import type { Kill, Snapshot } from "../../../shared/schema/snapshot.ts";
import { snapshotKey, verifySnapshot } from "../../kv/snapshot-store.ts";
import { BearerKeys } from "./bearer-keys.ts";
import type { Known, Loaded } from "./loaded.ts";
import { Observed } from "./observed.ts";
import {
  ageOf,
  BOUND_MS,
  CLAIM_PAUSES_MS,
  freshness,
  type HeldPointer,
  isClaimed,
  killsInForce,
  LEASE_MS,
  placeAnswer,
  placeCopy,
  refreshAgeOf,
  retryAfter,
  STALE_MS,
  supersedes,
  united,
  unrestored,
  WAIT_COLD_MS,
  waitFor,
} from "./pointer-lane.ts";
import { ProjectMemory, type ProjectState } from "./project-memory.ts";
import { UnknownNames } from "./unknown-names.ts";

/** What the pointer says of an environment. Its own entries only: a name such as "constructor" is in every object. */
const namedIn = (held: HeldPointer | null, environment: Slug): Pointer["environments"][string] | undefined =>
  ownOf(held?.pointer.environments, environment);

const testsOf = ({ flags }: Snapshot): Map<string, SnapshotTest> =>
  new Map(Object.entries(flags).flatMap(([key, { test }]) => (test ? [[key, test] as const] : [])));

/** Everything the lane reaches outside its memory. Tests put staleness, nulls, errors and hangs behind it. */
export interface EdgeSources {
  /** Epoch milliseconds. */
  now(): number;
  /** In [0, 1). */
  random(): number;
  wait(ms: number): Promise<void>;
  /** The data centre's copy, at most a second old. */
  cachedPointer(project: Slug): Promise<Pointer | null>;
  keepPointer(pointer: Pointer): Promise<void>;
  /** Since when (epoch ms) an isolate of this data centre claims to be asking the store. */
  claimedAt(project: Slug): Promise<number | null>;
  claim(project: Slug): Promise<void>;
  /** Keeps something in the data centre's cache and looks for it again. */
  tryCache(): Promise<boolean>;
  /** Null: there is no such project. Throws when the store cannot be reached. */
  storePointer(project: Slug, report: ServedReport | undefined): Promise<Pointer | null>;
  /** The data centre this isolate runs in. */
  colo(): string;
  kvSnapshot(key: string): Promise<string | null>;
  storeSnapshot(project: Slug, environment: Slug, hash: string): Promise<string | null>;
  /** Kills written straight to KV; `urgent` while the store cannot be reached. */
  breakGlass(project: Slug, urgent: boolean): Promise<BreakGlass | null>;
  /** The copy that outlives isolates, for starts without store and KV. */
  lastSnapshot(project: Slug, environment: Slug): Promise<Snapshot | null>;
  keepLastSnapshot(project: Slug, environment: Slug, body: string): Promise<void>;
  /** The names of all projects, from the data centre's copy or the directory. */
  projectNames(): Promise<readonly string[]>;
  report(event: { event: string } & Record<string, string | number>): void;
}

export interface CurrentOptions {
  /** Refresh first when what is known is older than this (ms). */
  readonly maxAgeMs?: number;
  /** Nobody has made the names up: a key's checksum, or the right to administer, stands for them. */
  readonly vouched?: boolean;
}

const NO_OPTIONS: CurrentOptions = {};

/** A project that was there, and is not any more, is asked for again after this long (ms). */
const MISSING_MS = 2_000;
const POLL_MS = 5;
/** Unreported firsts that are kept; older ones go. */
const MAX_NEWS = 20;
/** For this long (ms) after a failed refresh another failure is expected. */
const FAILING_MS = 10_000;
/** Break-glass is looked up this often (ms) in good times and while the store is out of reach. */
const BREAK_GLASS_MS = 15_000;
const BREAK_GLASS_URGENT_MS = 5_000;
/** So many requests at one clock reading mean that the clock stands still: then refresh regardless of age. */
const FROZEN_AFTER = 256;
/** KV has this long (ms) before the store is asked as well: a cold request waits for two seconds in all. */
const KV_PATIENCE_MS = 400;
/** A look into the data centre's cache takes a few ms; one that takes longer than this counts as a miss. */
const CACHE_PATIENCE_MS = 100;
/** The cache is tried out this often (ms); a trial that takes longer than a second has failed. */
const CACHE_TRIAL_EVERY_MS = 300_000;
const CACHE_TRIAL_MS = 1_000;
/** Below this age (ms) `onStale` cannot apply: its least setting is 5 s. */
const ON_STALE_FROM_MS = 5_000;

/**
 * What one isolate knows. Requests share plain state and a lease timestamp, never a promise or an I/O object of
 * another request: whoever finds the pointer old takes the lease and refreshes under its own `waitUntil`, everybody
 * waits on a timer of their own, and if the refresher's request dies the lease runs out.
 */
export class Edge {
  readonly #sources: EdgeSources;
  readonly #memory = new ProjectMemory();
  readonly #unknownNames: UnknownNames;
  /** Whether this data centre's cache keeps things: on some hosts the Cache API takes everything and has nothing. */
  #cacheWorks: boolean | null = null;
  #cacheTriedAt = Number.NEGATIVE_INFINITY;

  constructor(sources: EdgeSources) {
    this.#sources = sources;
    this.#unknownNames = new UnknownNames(sources);
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
    waitUntil: (work: Promise<unknown>) => void,
    options: CurrentOptions = NO_OPTIONS,
  ): Known | Promise<Known> {
    const now = this.#sources.now();
    let state = this.#memory.find(project);
    if (state === undefined) {
      const vouched = options.vouched === true;
      if (!vouched && this.#memory.isMissing(project, now)) return "missing";
      state = this.#memory.enter(project, vouched);
    } else if (!state.proven && options.vouched === true) this.#memory.prove(state);
    const frozen = this.#isFrozen(state, now);
    if (state.missingSince !== null && !frozen && Math.abs(now - state.missingSince) < MISSING_MS) return "missing";
    const loaded = state.environments.get(environment);
    const age = ageOf(state.held, now);
    const behind =
      (state.held?.pointer.revision ?? 0) < state.requiredRevision ||
      age > (options.maxAgeMs ?? Number.POSITIVE_INFINITY);
    const fresh = frozen && state.held ? "aging" : freshness(age, state.refreshAge);
    if (!behind && fresh !== "stale") {
      if (loaded) {
        if (fresh === "aging" && this.#takeLease(state, now))
          void this.#startRefresh(environment, state, waitUntil, options);
        return loaded;
      }
      if (!namedIn(state.held, environment)) return "missing";
    }
    const entered = state;
    return this.#waitForRefresh(environment, entered, waitUntil, options).then(() => this.#best(environment, entered));
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

  /** Refreshes, or waits for whoever does: on its own timer, counted in turns so that no clock can prolong it. */
  async #waitForRefresh(
    environment: Slug,
    state: ProjectState,
    waitUntil: (work: Promise<unknown>) => void,
    options: CurrentOptions,
  ): Promise<void> {
    const warm = state.environments.has(environment);
    const age = ageOf(state.held, this.#sources.now());
    // Asked again and again: that refreshes fail may turn out while waiting.
    const limit = () => (warm ? waitFor(age, this.#isFailing(state)) : WAIT_COLD_MS);
    const wantedAge = Math.min(options.maxAgeMs ?? STALE_MS, STALE_MS);
    for (let waited = 0; waited < limit(); waited += POLL_MS) {
      const now = this.#sources.now();
      if (waited > 0) {
        if (state.missingSince !== null) return;
        const named = namedIn(state.held, environment);
        const read =
          ageOf(state.held, now) < wantedAge + waited && (state.held?.pointer.revision ?? 0) >= state.requiredRevision;
        if (read && (!named || state.environments.get(environment)?.hash === named.hash)) return;
      }
      if (this.#takeLease(state, now)) {
        const ended = this.#startRefresh(environment, state, waitUntil, options).then(() => true);
        const inTime = await Promise.race([ended, this.#sources.wait(limit() - waited).then(() => false)]);
        if (warm || !inTime || state.failedAt === null) return;
        // Cold, and refused at once: an earlier isolate's copy, else another try after the lease.
        if (await this.#lastResort(environment, state)) return;
        waited += Math.min(WAIT_COLD_MS, Math.max(0, this.#sources.now() - now));
        continue;
      }
      if (this.#isFailing(state) && state.environments.has(environment)) return;
      await this.#sources.wait(POLL_MS);
    }
  }

  async #best(environment: Slug, state: ProjectState): Promise<Known> {
    if (state.missingSince !== null) return "missing";
    const loaded = state.environments.get(environment);
    if (loaded) {
      const age = ageOf(state.held, this.#sources.now());
      if (age >= STALE_MS) state.staleServed++;
      if (age >= ON_STALE_FROM_MS) this.#applyKills(state, environment, loaded, age);
      return loaded;
    }
    if (state.held && !namedIn(state.held, environment)) return "missing";
    return (await this.#lastResort(environment, state)) ?? "unreachable";
  }

  #isFrozen(state: ProjectState, now: number): boolean {
    const { sameInstant } = state;
    if (sameInstant.at !== now) {
      sameInstant.at = now;
      sameInstant.count = 0;
      return false;
    }
    sameInstant.count++;
    if (sameInstant.count < FROZEN_AFTER) return false;
    sameInstant.count = 0;
    return true;
  }

  /** Then nobody but the next refresher waits. A failure long ago says nothing: the store may be well again. */
  #isFailing(state: ProjectState): boolean {
    return state.failedAt !== null && Math.abs(this.#sources.now() - state.failedAt) < FAILING_MS;
  }

  /** A lease that ends further away than a lease lasts was taken before the clock was set back. */
  #takeLease(state: ProjectState, now: number): boolean {
    if (now < state.leaseUntil && state.leaseUntil - now <= LEASE_MS) return false;
    // A lease that ran out instead of being given back: its refresher hangs or is dead.
    if (state.leaseUntil > 0) state.failedAt = now;
    state.leaseUntil = now + LEASE_MS;
    return true;
  }

  /** Under the request that found the pointer old. Now and then the cache is tried out beside it. */
  #startRefresh(
    environment: Slug,
    state: ProjectState,
    waitUntil: (work: Promise<unknown>) => void,
    options: CurrentOptions,
  ): Promise<void> {
    const refreshing = this.#refresh(environment, state, options);
    waitUntil(refreshing);
    const now = this.#sources.now();
    if (Math.abs(now - this.#cacheTriedAt) >= CACHE_TRIAL_EVERY_MS) {
      this.#cacheTriedAt = now;
      waitUntil(this.#tryCache());
    }
    return refreshing;
  }

  async #tryCache(): Promise<void> {
    const works = (await this.#patiently(CACHE_TRIAL_MS, this.#sources.tryCache())) ?? false;
    if (works !== this.#cacheWorks && !(works && this.#cacheWorks === null))
      this.#sources.report({ event: works ? "cache-works-again" : "cache-does-not-work", colo: this.#sources.colo() });
    this.#cacheWorks = works;
  }

  async #refresh(environment: Slug, state: ProjectState, options: CurrentOptions): Promise<void> {
    try {
      const next = await this.#readPointer(state, options);
      if (next === "claimed" || next === "turned away") {
        state.leaseUntil = 0;
        return;
      }
      state.failedAt = null;
      if (next === null) {
        state.missingSince = this.#sources.now();
        if (!state.proven && state.held === null) this.#memory.forget(state, state.missingSince);
        state.held = null;
        state.environments.clear();
        state.leaseUntil = 0;
        return;
      }
      state.missingSince = null;
      this.#adopt(state, next.held);
      const names = new Set([environment, ...state.environments.keys()]);
      await Promise.all([
        next.answer && this.#patiently(CACHE_PATIENCE_MS, this.#sources.keepPointer(next.answer)),
        this.#readBreakGlass(state, false),
        ...[...names].map((name) => this.#load(name, state)),
      ]);
      state.leaseUntil = 0;
    } catch (error) {
      // The lease is not given back: a store in trouble is asked once in a while, not by every request.
      state.failedAt = this.#sources.now();
      state.leaseUntil = state.failedAt + retryAfter(this.#sources.random());
      this.#sources.report({ event: "refresh-failed", project: state.project, error: String(error) });
      await this.#readBreakGlass(state, true);
    }
  }

  /** Takes a pointer over, kills first: they apply before any snapshot is fetched. */
  #adopt(state: ProjectState, next: HeldPointer): void {
    if (!supersedes(next.pointer, state.held?.pointer)) return;
    const before = state.held?.pointer;
    const same =
      state.held?.pointer.revision === next.pointer.revision && state.held.pointer.epoch === next.pointer.epoch;
    const stampedAt =
      same && state.held
        ? Math.max(next.stampedAt, Math.min(state.held.stampedAt, this.#sources.now()))
        : next.stampedAt;
    // Revisions of another epoch cannot be waited for: the store was rebuilt and counts on from its backup.
    if (before && before.epoch !== next.pointer.epoch) state.requiredRevision = 0;
    if (stampedAt !== state.held?.stampedAt) state.refreshAge = refreshAgeOf(this.#sources.random());
    state.held = { pointer: next.pointer, stampedAt };
    for (const [name, loaded] of state.environments) {
      const named = namedIn(next, name);
      if (!named) {
        state.environments.delete(name);
        continue;
      }
      loaded.kills = killsInForce(loaded.kills, loaded, { ...named, epoch: next.pointer.epoch });
      this.#applyKills(state, name, loaded, 0);
      if (before && before.revision < next.pointer.revision) {
        this.#tell(state, {
          environment: name,
          lane: "kill",
          revision: next.pointer.revision,
          at: this.#sources.now(),
        });
      }
    }
  }

  #tell(state: ProjectState, ...news: ServedReport["served"]): void {
    state.news = [...state.news, ...news].slice(-MAX_NEWS);
  }

  /** `answer` is the store's own, for the data centre's cache. */
  async #readPointer(
    state: ProjectState,
    options: CurrentOptions,
  ): Promise<{ held: HeldPointer; answer?: Pointer } | "claimed" | "turned away" | null> {
    const { project } = state;
    if (options.maxAgeMs !== undefined) {
      const copy = await this.#youngCopy(state, options.maxAgeMs);
      if (copy) return { held: copy };
    } else {
      const copy = await this.#centresCopy(state);
      if (copy === "claimed") {
        // One after another has asked and none has got an answer.
        const old = ageOf(state.held, this.#sources.now()) >= BOUND_MS;
        if (old || this.#isFailing(state)) throw new Error("other isolates of this data centre ask in vain");
        return "claimed";
      }
      if (copy) return { held: copy };
    }
    // The name was asked for by somebody who has shown nothing, and the store has never confirmed it.
    if (!state.proven && state.held === null && !(await this.#unknownNames.admits(project))) return "turned away";
    const askedAt = this.#sources.now();
    const { report, untold } = this.#tidings(state);
    const claiming = this.#patiently(CACHE_PATIENCE_MS, this.#sources.claim(project));
    const pointer = await this.#sources.storePointer(project, report).catch((error: unknown) => {
      untold();
      throw error;
    });
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
    for (const pause of [...CLAIM_PAUSES_MS, 0]) {
      const [cached, claimedAt] = await Promise.all([
        this.#patiently(CACHE_PATIENCE_MS, this.#sources.cachedPointer(state.project)),
        this.#patiently(CACHE_PATIENCE_MS, this.#sources.claimedAt(state.project)),
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

  /** The data centre's copy, if it is no older than this (ms): then the store need not be asked. */
  async #youngCopy(state: ProjectState, maxAgeMs: number): Promise<HeldPointer | null> {
    const cached = await this.#patiently(CACHE_PATIENCE_MS, this.#sources.cachedPointer(state.project));
    const now = this.#sources.now();
    const copy = cached && placeCopy(cached, now, state.clockOffset);
    return copy && copy.pointer.revision >= state.requiredRevision && ageOf(copy, now) <= maxAgeMs ? copy : null;
  }

  /** What the store has not been told yet; `untold` when it could not be. */
  #tidings(state: ProjectState): { report: ServedReport | undefined; untold: () => void } {
    const { staleServed, cacheTold } = state;
    const news = state.news.splice(0);
    const cacheWorks = this.#cacheWorks;
    state.staleServed = 0;
    state.cacheTold = cacheWorks;
    const untold = () => {
      this.#tell(state, ...news);
      state.staleServed += staleServed;
      state.cacheTold = cacheTold;
    };
    if (news.length === 0 && staleServed === 0 && cacheTold === cacheWorks) return { report: undefined, untold };
    const offset = state.clockOffset ?? 0;
    const served = news.map((one) => ({ ...one, at: one.at + offset }));
    const cache = cacheWorks === null || cacheWorks === cacheTold ? {} : { cacheWorks };
    return { report: { colo: this.#sources.colo(), served, staleServed, ...cache }, untold };
  }

  /** What does not answer in time, or fails, has nothing to say. */
  #patiently<T>(ms: number, work: Promise<T>): Promise<T | null> {
    return Promise.race([work.catch(() => null), this.#sources.wait(ms).then(() => null)]);
  }

  async #readBreakGlass(state: ProjectState, urgent: boolean): Promise<void> {
    const { project } = state;
    const now = this.#sources.now();
    const interval = urgent ? BREAK_GLASS_URGENT_MS : BREAK_GLASS_MS;
    if (Math.abs(now - state.breakGlassAt) < interval) return;
    try {
      state.breakGlass = await this.#sources.breakGlass(project, urgent);
      state.breakGlassAt = now;
    } catch (error) {
      // What was read before stays in force.
      this.#sources.report({ event: "break-glass-unreadable", project, error: String(error) });
      return;
    }
    for (const [name, loaded] of state.environments) this.#applyKills(state, name, loaded, 0);
  }

  async #load(environment: Slug, state: ProjectState): Promise<void> {
    const { project } = state;
    const pointer = state.held?.pointer;
    const named = namedIn(state.held, environment);
    if (!pointer || !named || state.environments.get(environment)?.hash === named.hash) return;
    const expected = { project, environment, revision: named.revision, hash: named.hash };
    const key = snapshotKey(project, environment, named.revision, named.hash);
    const fromKv = this.#verified("kv", expected, () => this.#sources.kvSnapshot(key));
    const read =
      (await this.#patiently(KV_PATIENCE_MS, fromKv)) ??
      (await this.#verified("store", expected, () => this.#sources.storeSnapshot(project, environment, named.hash))) ??
      (await fromKv);
    if (!read) return;
    const { epoch, revision } = read.snapshot;
    // Another refresh may have loaded a later one while these bytes came.
    const current = state.environments.get(environment);
    if (current && (current.epoch > epoch || (current.epoch === epoch && current.revision > revision))) return;
    const latest = namedIn(state.held, environment) ?? named;
    const kills = killsInForce(current?.kills ?? [], read.snapshot, {
      ...latest,
      epoch: state.held?.pointer.epoch ?? epoch,
    });
    this.#keep(state, environment, read.snapshot, named.hash, kills, current);
    await this.#patiently(CACHE_PATIENCE_MS, this.#sources.keepLastSnapshot(project, environment, read.text));
  }

  async #verified(
    source: string,
    expected: { project: Slug; environment: Slug; revision: number; hash: string },
    read: () => Promise<string | null>,
  ): Promise<{ snapshot: Snapshot; text: string } | null> {
    try {
      const text = await read();
      if (text === null) return null;
      const verified = verifySnapshot(text, expected);
      if (verified.ok) return { snapshot: verified.snapshot, text };
      this.#sources.report({ event: "snapshot-refused", source, reason: verified.reason, revision: expected.revision });
    } catch (error) {
      this.#sources.report({ event: "snapshot-unreadable", source, error: String(error) });
    }
    return null;
  }

  #keep(
    state: ProjectState,
    environment: Slug,
    snapshot: Snapshot,
    hash: string,
    kills: readonly Kill[],
    before?: Loaded,
  ): Loaded {
    const { revision, epoch, keys, sealKey } = snapshot;
    const compiled = compile(snapshot, re2);
    if (compiled.patternsLeft > 0) {
      const { project } = snapshot;
      const patterns = compiled.patternsLeft;
      this.#sources.report({ event: "patterns-over-limit", project, environment, revision, patterns });
    }
    const killsChanged = (before?.killsChanged ?? 0) + 1;
    const loaded: Loaded = {
      project: state.project,
      environment,
      compiled,
      keys: new BearerKeys(keys, () => this.#memory.prove(state)),
      observed: new Observed(snapshot),
      revision,
      epoch,
      hash,
      sealKey,
      tests: testsOf(snapshot),
      kills,
      killsChanged,
      applied: "",
    };
    this.#applyKills(state, environment, loaded, 0);
    state.environments.set(environment, loaded);
    this.#tell(state, { environment, lane: "config", revision, at: this.#sources.now() });
    return loaded;
  }

  /** Unites what the pointer says with break-glass and, beyond a flag's own limit, with what its `onStale` asks. */
  #applyKills(state: ProjectState, environment: Slug, loaded: Loaded, ageMs: number): void {
    const tombstones = namedIn(state.held, environment)?.tombstones ?? [];
    const emergency = unrestored(ownOf(state.breakGlass?.environments, environment) ?? [], tombstones);
    const kills = united(united(loaded.kills, emergency), staleKills(loaded.compiled, ageMs / 1_000));
    const applied = kills.map((kill) => kill.id).join(" ");
    if (applied === loaded.applied) return;
    loaded.applied = applied;
    loaded.killsChanged++;
    applyKills(loaded.compiled, kills);
  }

  /** Neither pointer nor snapshot could be had: the copy that an earlier isolate left, with its own kills. */
  async #lastResort(environment: Slug, state: ProjectState): Promise<Loaded | null> {
    const { project } = state;
    const snapshot = await this.#patiently(KV_PATIENCE_MS, this.#sources.lastSnapshot(project, environment));
    if (!snapshot) return null;
    this.#sources.report({ event: "last-resort", project, environment, revision: snapshot.revision });
    // A pointer may have come although no snapshot did: its kills are newer than the copy's.
    const named = namedIn(state.held, environment);
    const epoch = state.held?.pointer.epoch ?? snapshot.epoch;
    const kills = named ? killsInForce(snapshot.kills, snapshot, { ...named, epoch }) : snapshot.kills;
    try {
      return this.#keep(state, environment, snapshot, "", kills);
    } catch (error) {
      // The copy has no hash to be checked against: one that cannot be compiled is none.
      this.#sources.report({ event: "last-resort-unreadable", project, environment, error: String(error) });
      return null;
    }
  }
}
