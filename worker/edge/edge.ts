import { applyKills, type CompiledSnapshot, compile } from "../../shared/compile.ts";
import { re2 } from "../../shared/regex.ts";
import type { Pointer } from "../../shared/schema/pointer.ts";
import type { Kill, Snapshot } from "../../shared/schema/snapshot.ts";
import { snapshotKey, verifySnapshot } from "../kv/snapshot-store.ts";
import { BearerKeys } from "./bearer-keys.ts";
import { freshness, killsInForce, LEASE_MS, supersedes, WAIT_COLD_MS, WAIT_WARM_MS } from "./pointer-lane.ts";

/** One environment in this isolate's memory, ready to answer. */
export interface Loaded {
  readonly compiled: CompiledSnapshot;
  readonly keys: BearerKeys;
  readonly revision: number;
  readonly epoch: number;
  readonly hash: string;
  kills: readonly Kill[];
}

/** Everything the lane reaches outside its memory. Tests put staleness, nulls, errors and hangs behind it. */
export interface EdgeSources {
  /** Epoch milliseconds. */
  now(): number;
  wait(ms: number): Promise<void>;
  /** The data centre's copy, at most a second old. */
  cachedPointer(project: string): Promise<Pointer | null>;
  keepPointer(pointer: Pointer): Promise<void>;
  /** Null: there is no such project. Throws when the store cannot be reached. */
  storePointer(project: string): Promise<Pointer | null>;
  kvSnapshot(key: string): Promise<string | null>;
  storeSnapshot(project: string, environment: string, hash: string): Promise<string | null>;
  /** The copy that outlives isolates, for starts without store and KV. */
  lastSnapshot(project: string, environment: string): Promise<Snapshot | null>;
  keepLastSnapshot(project: string, environment: string, body: string): Promise<void>;
  report(event: { event: string } & Record<string, string | number>): void;
}

interface ProjectState {
  pointer: Pointer | null;
  /** The store has said that there is no such project (epoch ms); asked again after a while. */
  missingSince: number | null;
  leaseUntil: number;
  /** Somebody in this isolate wrote this revision: evaluations wait for it, if not for long. */
  requiredRevision: number;
  readonly environments: Map<string, Loaded>;
}

/** Projects in one isolate's memory; beyond, the one longest unused goes. */
const MAX_PROJECTS = 200;
/** A project that does not exist is asked for again after this long (ms). */
const MISSING_MS = 2_000;
const POLL_MS = 5;

/**
 * What one isolate knows. Requests share plain state and a lease timestamp, never a promise or an I/O object of
 * another request: whoever finds the pointer old takes the lease and refreshes under its own `waitUntil`, everybody
 * waits on a timer of their own, and if the refresher's request dies the lease runs out.
 */
export class Edge {
  readonly #sources: EdgeSources;
  readonly #projects = new Map<string, ProjectState>();

  constructor(sources: EdgeSources) {
    this.#sources = sources;
  }

  /**
   * What to evaluate with: as fresh as the age rule asks, else the last known good. Null: there is no such
   * environment, or nothing at all could be learnt of it (`missing` tells them apart).
   */
  async current(
    project: string,
    environment: string,
    waitUntil: (work: Promise<unknown>) => void,
  ): Promise<Loaded | "missing" | "unreachable"> {
    const state = this.#state(project);
    const started = this.#sources.now();
    let loaded = state.environments.get(environment);
    if (state.missingSince !== null && started - state.missingSince < MISSING_MS) return "missing";
    const behind = (state.pointer?.revision ?? 0) < state.requiredRevision;
    const age = freshness(state.pointer, started);
    if (loaded && age === "fresh" && !behind) return loaded;
    if (loaded && age === "aging" && !behind) {
      if (this.#takeLease(state, started)) waitUntil(this.#refresh(project, environment, state));
      return loaded;
    }
    // A project known and fresh without this environment: nothing to wait for.
    if (!loaded && age === "fresh" && !behind && !state.pointer?.environments[environment]) return "missing";

    const deadline = started + (loaded ? WAIT_WARM_MS : WAIT_COLD_MS);
    const settled = () => {
      if (state.missingSince !== null) return true;
      const done =
        freshness(state.pointer, this.#sources.now()) === "fresh" &&
        (state.pointer?.revision ?? 0) >= state.requiredRevision;
      const named = state.pointer?.environments[environment];
      return done && (!named || state.environments.get(environment)?.hash === named.hash);
    };
    while (!settled()) {
      const now = this.#sources.now();
      if (now >= deadline) break;
      if (this.#takeLease(state, now)) {
        const refreshing = this.#refresh(project, environment, state);
        waitUntil(refreshing);
        await Promise.race([refreshing, this.#sources.wait(deadline - now)]);
        break;
      }
      await this.#sources.wait(POLL_MS);
    }
    if (state.missingSince !== null) return "missing";
    loaded = state.environments.get(environment);
    if (loaded) return loaded;
    if (state.pointer && !state.pointer.environments[environment]) return "missing";
    return (await this.#lastResort(project, environment, state)) ?? "unreachable";
  }

  /** A write went through this isolate: its author's next evaluation here is to see it. */
  require(project: string, revision: number): void {
    const state = this.#state(project);
    state.requiredRevision = Math.max(state.requiredRevision, revision);
    state.missingSince = null;
  }

  #state(project: string): ProjectState {
    let state = this.#projects.get(project);
    if (state) {
      if (this.#projects.size > MAX_PROJECTS / 2) {
        this.#projects.delete(project);
        this.#projects.set(project, state);
      }
      return state;
    }
    if (this.#projects.size >= MAX_PROJECTS) this.#projects.delete(this.#projects.keys().next().value!);
    state = { pointer: null, missingSince: null, leaseUntil: 0, requiredRevision: 0, environments: new Map() };
    this.#projects.set(project, state);
    return state;
  }

  #takeLease(state: ProjectState, now: number): boolean {
    if (now < state.leaseUntil) return false;
    state.leaseUntil = now + LEASE_MS;
    return true;
  }

  async #refresh(project: string, environment: string, state: ProjectState): Promise<void> {
    try {
      const next = await this.#readPointer(project, state);
      if (next === null) {
        state.missingSince = this.#sources.now();
        state.pointer = null;
        state.environments.clear();
        return;
      }
      state.missingSince = null;
      if (supersedes(next, state.pointer)) state.pointer = next;
      const pointer = state.pointer ?? next;
      for (const [name, loaded] of state.environments) {
        const named = pointer.environments[name];
        if (!named) state.environments.delete(name);
        else if (pointer === next) this.#applyKills(loaded, killsInForce(loaded.kills, loaded.revision, named));
      }
      for (const name of new Set([environment, ...state.environments.keys()])) await this.#load(project, name, state);
    } catch (error) {
      this.#sources.report({ event: "refresh-failed", project, error: String(error) });
    } finally {
      state.leaseUntil = 0;
    }
  }

  async #readPointer(project: string, state: ProjectState): Promise<Pointer | null> {
    const cached = await this.#sources.cachedPointer(project).catch(() => null);
    const usable =
      cached &&
      freshness(cached, this.#sources.now()) !== "stale" &&
      cached.revision >= state.requiredRevision &&
      cached.asOf > (state.pointer?.asOf ?? 0);
    if (usable) return cached;
    const pointer = await this.#sources.storePointer(project);
    if (pointer) await this.#sources.keepPointer(pointer).catch(() => {});
    return pointer;
  }

  async #load(project: string, environment: string, state: ProjectState): Promise<void> {
    const named = state.pointer?.environments[environment];
    if (!named || !state.pointer) return;
    const before = state.environments.get(environment);
    if (before?.hash === named.hash) return;
    const expected = { project, environment, revision: named.revision, hash: named.hash };
    const key = snapshotKey(project, environment, named.revision, named.hash);
    const body =
      (await this.#verified("kv", expected, () => this.#sources.kvSnapshot(key))) ??
      (await this.#verified("store", expected, () => this.#sources.storeSnapshot(project, environment, named.hash)));
    if (!body) return;
    // The pointer may have moved while the bytes came: a later refresh fetches what it names then.
    const current = state.environments.get(environment);
    if (
      current &&
      (current.epoch > body.snapshot.epoch ||
        (current.epoch === body.snapshot.epoch && current.revision > named.revision))
    )
      return;
    const kills = killsInForce(current?.kills ?? [], named.revision, state.pointer.environments[environment] ?? named);
    state.environments.set(environment, this.#ready(body.snapshot, named.hash, kills));
    await this.#sources.keepLastSnapshot(project, environment, body.text).catch(() => {});
  }

  async #verified(
    source: string,
    expected: { project: string; environment: string; revision: number; hash: string },
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

  #ready(snapshot: Snapshot, hash: string, kills: readonly Kill[]): Loaded {
    const loaded: Loaded = {
      compiled: compile(snapshot, re2),
      keys: new BearerKeys(snapshot.keys),
      revision: snapshot.revision,
      epoch: snapshot.epoch,
      hash,
      kills: [],
    };
    this.#applyKills(loaded, kills);
    return loaded;
  }

  #applyKills(loaded: Loaded, kills: readonly Kill[]): void {
    loaded.kills = kills;
    applyKills(loaded.compiled, kills);
  }

  /** Neither pointer nor snapshot could be had: the copy that an earlier isolate left, with its own kills. */
  async #lastResort(project: string, environment: string, state: ProjectState): Promise<Loaded | null> {
    const snapshot = await this.#sources.lastSnapshot(project, environment).catch(() => null);
    if (!snapshot) return null;
    this.#sources.report({ event: "last-resort", project, environment, revision: snapshot.revision });
    const loaded = this.#ready(snapshot, "", snapshot.kills);
    state.environments.set(environment, loaded);
    return loaded;
  }
}
