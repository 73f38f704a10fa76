import { compile } from "../../../shared/evaluation/compile/compile.ts";
import { valuesOfSnapshot } from "../../../shared/evaluation/condition-values.ts";
import { re2 } from "../../../shared/evaluation/operators/regex/regex.ts";
import { LIMITS } from "../../../shared/limits.ts";
import type { SnapshotTest } from "../../../shared/schema/demand-test.ts";
import type { Slug } from "../../../shared/schema/names.ts";
import type { Kill, Snapshot } from "../../../shared/schema/snapshot.ts";
import { snapshotKey, verifySnapshot } from "../../kv/snapshot-store.ts";
import { BearerKeys } from "./bearer-keys.ts";
import { CACHE_PATIENCE_MS, type EdgeSources, KV_PATIENCE_MS, patiently } from "./edge-sources.ts";
import { enforceKills } from "./kills-in-force.ts";
import type { Loaded } from "./loaded.ts";
import { ObservedFlags } from "./observed-flags.ts";
import { killsInForce, namedIn } from "./pointer-lane.ts";
import type { ProjectState } from "./project-memory.ts";
import { noteServed } from "./served-reports.ts";

/** What the bytes of a snapshot must turn out to be. */
interface Expected {
  readonly project: Slug;
  readonly environment: Slug;
  readonly revision: number;
  readonly hash: string;
}

/** Fetches the snapshot that a pointer names, checks and compiles it, and puts it in place of the one before. */
export class SnapshotLoader {
  readonly #sources: EdgeSources;
  readonly #onKeyFound: (state: ProjectState) => void;

  /** @param onKeyFound somebody has shown a key of this project */
  constructor(sources: EdgeSources, onKeyFound: (state: ProjectState) => void) {
    this.#sources = sources;
    this.#onKeyFound = onKeyFound;
  }

  /** Loads what the held pointer names, unless it is there already. Leaves what is there when nothing can be had. */
  async load(environment: Slug, state: ProjectState): Promise<void> {
    const { project } = state;
    const named = namedIn(state.held, environment);
    if (!named || state.environments.get(environment)?.hash === named.hash) return;
    const { revision: expectedRevision, hash } = named;
    const read = await this.#fetch({ project, environment, revision: expectedRevision, hash });
    if (!read) return;
    const { epoch, revision } = read.snapshot;
    // Another refresh may have loaded a later one while these bytes came.
    const current = state.environments.get(environment);
    if (current && (current.epoch > epoch || (current.epoch === epoch && current.revision > revision))) return;
    const latest = { ...(namedIn(state.held, environment) ?? named), epoch: state.held?.pointer.epoch ?? epoch };
    const kills = killsInForce(current?.kills ?? [], read.snapshot, latest);
    this.#keep(state, environment, read.snapshot, hash, kills);
    const keeping = this.#sources.keepLastSnapshot(project, environment, read.text);
    await patiently(this.#sources, CACHE_PATIENCE_MS, keeping);
  }

  /** Neither pointer nor snapshot could be had: the copy that an earlier isolate left, with its own kills. */
  async lastResort(environment: Slug, state: ProjectState): Promise<Loaded | null> {
    const { project } = state;
    const copy = this.#sources.lastSnapshot(project, environment);
    const snapshot = await patiently(this.#sources, KV_PATIENCE_MS, copy);
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

  /** From KV; after a while, or when those bytes are not good, from the store. */
  async #fetch(expected: Expected): Promise<{ snapshot: Snapshot; text: string } | null> {
    const { project, environment, revision, hash } = expected;
    const key = snapshotKey(project, environment, revision, hash);
    const fromKv = this.#verified("kv", expected, () => this.#sources.kvSnapshot(key));
    return (
      (await patiently(this.#sources, KV_PATIENCE_MS, fromKv)) ??
      (await this.#verified("store", expected, () => this.#sources.storeSnapshot(project, environment, hash))) ??
      (await fromKv)
    );
  }

  async #verified(
    source: string,
    expected: Expected,
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

  /** Compiles a snapshot, and puts it in place with these kills in force. */
  #keep(state: ProjectState, environment: Slug, snapshot: Snapshot, hash: string, kills: readonly Kill[]): Loaded {
    const { revision, epoch, keys, sealKey } = snapshot;
    const { project } = state;
    const compiled = compile(snapshot, re2);
    if (compiled.patternsLeft > 0) {
      const patterns = compiled.patternsLeft;
      this.#sources.report({ event: "patterns-over-limit", project, environment, revision, patterns });
    }
    const values = valuesOfSnapshot(snapshot);
    if (values > LIMITS.valuesPerEnvironment)
      this.#sources.report({ event: "values-over-limit", project, environment, revision, values });
    const loaded: Loaded = {
      project,
      environment,
      compiled,
      keys: new BearerKeys(keys, () => this.#onKeyFound(state)),
      observed: new ObservedFlags(snapshot),
      revision,
      epoch,
      hash,
      sealKey,
      signingKeys: new Map(snapshot.signingKeys?.map((id) => [id, undefined])),
      tests: testsOf(snapshot),
      kills,
      killsChanged: (state.environments.get(environment)?.killsChanged ?? 0) + 1,
      applied: "",
    };
    enforceKills(state, environment, loaded, 0);
    state.environments.set(environment, loaded);
    noteServed(state, { environment, lane: "config", revision, at: this.#sources.now() });
    return loaded;
  }
}

const testsOf = ({ flags }: Snapshot): Map<string, SnapshotTest> =>
  new Map(Object.entries(flags).flatMap(([key, { test }]) => (test ? [[key, test] as const] : [])));
