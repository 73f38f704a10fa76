import { type CompiledSnapshot, DialectsMissing } from "../../../shared/evaluation/compile/compile.ts";
import { LIMITS } from "../../../shared/limits.ts";
import type { Manifest } from "../../../shared/schema/manifest.ts";
import type { Slug } from "../../../shared/schema/names.ts";
import type { Snapshot } from "../../../shared/schema/snapshot.ts";
import { type Job, type Uncompiled, type Version, VersionBuilder } from "./build-version.ts";
import { derive } from "./derived.ts";
import { loadDialects, loadedDialects } from "./dialects.ts";
import type { EdgeSources } from "./edge-sources.ts";
import { appliedOf, enforceKills } from "./kills-in-force.ts";
import { Lanes } from "./lanes.ts";
import { LastCopy } from "./last-copy.ts";
import type { Loaded } from "./loaded.ts";
import { LAST_COPY, LOAD_LEASE_MS } from "./loading.ts";
import { killsInForce, namedIn } from "./pointer-lane.ts";
import type { ProjectMemory, ProjectState } from "./project-memory.ts";
import { noteServed } from "./served-reports.ts";
import { SnapshotReader } from "./snapshot-reader.ts";

/** How often (ms) a request looks whether another one has done the loading. */
const LOAD_POLL_MS = 5;
/** The copy of last resort has to be ready within this time (ms). */
const LAST_COPY_MS = 1_000;

/** Fetches the snapshot that a pointer names, checks and compiles it, and puts it in place of the one before. */
export class SnapshotLoader {
  readonly #sources: EdgeSources;
  readonly #memory: ProjectMemory;
  readonly #reader: SnapshotReader;
  readonly #builder: VersionBuilder;
  readonly #lastCopy: LastCopy;

  constructor(sources: EdgeSources, memory: ProjectMemory) {
    this.#sources = sources;
    this.#memory = memory;
    this.#reader = new SnapshotReader(sources);
    this.#builder = new VersionBuilder(sources, memory);
    this.#lastCopy = new LastCopy(sources);
  }

  /** Loads what the held pointer names of these, unless it is there. Leaves what is there when nothing can be had. */
  async load(environments: Iterable<Slug>, state: ProjectState): Promise<void> {
    const lanes = new Lanes();
    await Promise.all([...new Set(environments)].map((environment) => this.#loadOne(environment, state, lanes)));
  }

  /** Whether some request is at work on an environment. */
  isLoading(environment: Slug, state: ProjectState): boolean {
    return state.loading.get(environment)?.isLive(this.#sources.now()) ?? false;
  }

  /** Goes on with the copy of last resort. */
  keepCopy(state: ProjectState): Promise<void> {
    return this.#lastCopy.keep(state.environments.values());
  }

  /** Neither pointer nor snapshot could be had: the copy that an earlier isolate left, with its own kills. */
  async lastResort(environment: Slug, state: ProjectState): Promise<Loaded | null> {
    const head = await this.#lastCopy.head(state.project, environment);
    for (
      let waited = 0;
      head && waited <= LAST_COPY_MS && !state.environments.has(environment);
      waited += LOAD_POLL_MS
    ) {
      if (await this.#inTurn(environment, state, LAST_COPY, new Lanes(), (job) => this.#loadCopy(job, head))) break;
      await this.#sources.wait(LOAD_POLL_MS);
    }
    return state.environments.get(environment) ?? null;
  }

  /** One request loads for all; the others look until it is done, or shows no sign of life. */
  async #loadOne(environment: Slug, state: ProjectState, lanes: Lanes): Promise<void> {
    let signs = 0;
    let silentMs = 0;
    for (let named = this.#wanted(environment, state); named; named = this.#wanted(environment, state)) {
      const { hash } = named;
      const turn = await this.#inTurn(environment, state, hash, lanes, (job) => this.#loadNamed(job, named.revision));
      if (turn === "failed") return;
      if (turn !== null) continue;
      const loading = this.#memory.loadingOf(state, environment);
      silentMs = loading.signs === signs ? silentMs + LOAD_POLL_MS : 0;
      signs = loading.signs;
      // Counted in turns as well, so that no clock keeps the turn of a request that is gone.
      if (silentMs > LOAD_LEASE_MS) loading.expire();
      await this.#sources.wait(LOAD_POLL_MS);
    }
  }

  /** What the pointer names, while it is not there. */
  #wanted(environment: Slug, state: ProjectState) {
    const named = namedIn(state.held, environment);
    if (!named || state.environments.get(environment)?.hash === named.hash) return null;
    const isRefused = state.loading.get(environment)?.isRefused(named.hash, this.#sources.now());
    return isRefused ? null : named;
  }

  /** Null: it is another request's turn. "overtaken": there is something newer to load. */
  async #inTurn(
    environment: Slug,
    state: ProjectState,
    hash: string,
    lanes: Lanes,
    work: (job: Job) => Promise<boolean>,
  ): Promise<"done" | "overtaken" | "failed" | null> {
    const { project } = state;
    const loading = this.#memory.loadingOf(state, environment);
    const turn = loading.begin(hash, this.#sources.now());
    if (turn === null) return null;
    const isOvertaken = () => hash !== LAST_COPY && namedIn(state.held, environment)?.hash !== hash;
    const isMine = () => loading.renew(turn, this.#sources.now());
    const fetchBlock: Job["fetchBlock"] =
      hash === LAST_COPY
        ? (block) => this.#lastCopy.block(project, environment, block)
        : (block) => this.#reader.block(project, environment, block);
    try {
      const isDone = await work({ state, environment, hash, loading, lanes, isMine, isOvertaken, fetchBlock });
      return isDone ? "done" : isOvertaken() && isMine() ? "overtaken" : "failed";
    } catch (error) {
      this.#sources.report({
        event: "snapshot-unreadable",
        source: "content",
        project,
        environment,
        error: `${error}`,
      });
      const current = state.environments.get(environment);
      // Versions share what did not change: a compilation that failed may have left its own kills in force.
      if (current) enforceKills(state, environment, Object.assign(current, { applied: null }), 0);
      return "failed";
    } finally {
      loading.end(turn);
    }
  }

  async #loadNamed(job: Job, revision: number): Promise<boolean> {
    const { state, environment, hash } = job;
    const read = await this.#reader.published({ project: state.project, environment, revision, hash });
    if (!read || !job.isMine()) return false;
    const { published, text } = read;
    if (this.#isOlder(job, published.kind === "whole" ? published.snapshot : published.manifest)) return false;
    if (published.kind === "whole") return this.#compile(job, this.#builder.whole(job, published.snapshot, text), text);
    const { manifest, patch, head } = published;
    return this.#compile(job, await this.#builder.blocks(job, manifest, patch), head);
  }

  /** The copy has no hash to be held against, only its blocks do: one that cannot be compiled is none. */
  async #loadCopy(job: Job, head: Snapshot | Manifest): Promise<boolean> {
    const { state, environment, loading } = job;
    const { project } = state;
    const { revision } = head;
    const late = this.#sources.wait(LAST_COPY_MS).then(() => false);
    const isPlaced = await Promise.race([this.#compileCopy(job, head), late]);
    if (!isPlaced) loading.blocks.clear();
    const event = isPlaced ? "last-resort" : "last-resort-unreadable";
    this.#sources.report({ event, project, environment, revision });
    return isPlaced;
  }

  async #compileCopy(job: Job, head: Snapshot | Manifest): Promise<boolean> {
    const uncompiled =
      "blocks" in head
        ? await this.#builder.blocks(job, head, null)
        : this.#builder.whole(job, head, JSON.stringify(head));
    return this.#compile(job, uncompiled, null);
  }

  /**
   * Compiles slice by slice, and puts in place at once. Once everything is here that is worth finishing, even if the
   * pointer has moved on: the next version then needs less.
   */
  async #compile(job: Job, uncompiled: Uncompiled | null, uncopied: string | null): Promise<boolean> {
    if (uncompiled === null) return false;
    let slices = uncompiled.slices(loadedDialects());
    while (job.isMine()) {
      let slice: IteratorResult<undefined, CompiledSnapshot>;
      try {
        slice = slices.next();
      } catch (error) {
        if (!(error instanceof DialectsMissing)) throw error;
        slices = uncompiled.slices(await loadDialects());
        continue;
      }
      // The last slice puts the version's own kills in force, so nothing may come between it and those of the pointer.
      if (slice.done) return this.#place(job, uncompiled.finish(slice.value), uncopied);
      await this.#sources.wait(0);
    }
    return false;
  }

  /** Never to an older version: another request may have loaded a later one meanwhile. */
  #isOlder({ state, environment }: Job, { epoch, revision }: { epoch: number; revision: number }): boolean {
    const current = state.environments.get(environment);
    return current !== undefined && (current.epoch > epoch || (current.epoch === epoch && current.revision > revision));
  }

  /** Puts a version in place, with the kills that are in force by now. */
  #place(job: Job, version: Version, uncopied: string | null): boolean {
    const { state, environment, loading, hash } = job;
    const { head, compiled, blocks, bytes } = version;
    const { epoch, revision, sealKey } = head;
    const current = state.environments.get(environment);
    this.#reportExcess(state.project, environment, version);
    const named = namedIn(state.held, environment);
    const before = hash === LAST_COPY ? head.kills : (current?.kills ?? loading.kills);
    const latest = named && { ...named, epoch: state.held?.pointer.epoch ?? epoch };
    const loaded: Loaded = {
      project: state.project,
      environment,
      compiled,
      ...derive(version, current, () => this.#memory.prove(state)),
      revision,
      epoch,
      hash,
      sealKey,
      signingKeys: new Map(head.signingKeys?.map((id) => [id, undefined])),
      blocks,
      bytes,
      uncopied,
      kills: latest ? killsInForce(before, head, latest) : before,
      killsChanged: (current?.killsChanged ?? 0) + 1,
      applied: appliedOf(head.kills),
    };
    enforceKills(state, environment, loaded, 0);
    state.environments.set(environment, loaded);
    loading.blocks.clear();
    loading.kills = [];
    noteServed(state, { environment, lane: "config", epoch, revision, at: this.#sources.now() });
    return true;
  }

  #reportExcess(project: Slug, environment: Slug, { compiled, facts, head: { revision } }: Version): void {
    const patterns = compiled.patternsLeft;
    if (patterns > 0) this.#sources.report({ event: "patterns-over-limit", project, environment, revision, patterns });
    const values = facts.reduce((sum, one) => sum + one.values, 0);
    if (values > LIMITS.valuesPerEnvironment)
      this.#sources.report({ event: "values-over-limit", project, environment, revision, values });
  }
}
