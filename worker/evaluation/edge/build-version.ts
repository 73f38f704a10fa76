import { compiledWeight } from "../../../shared/blocks/weight.ts";
import { compile } from "../../../shared/evaluation/compile/compile.ts";
import { compileBlocks } from "../../../shared/evaluation/compile/compile-blocks.ts";
import type { CompiledSnapshot } from "../../../shared/evaluation/model/compiled-snapshot.ts";
import type { DialectSource } from "../../../shared/evaluation/model/dialects.ts";
import { re2 } from "../../../shared/evaluation/operators/regex/regex.ts";
import type { Slices } from "../../../shared/evaluation/slices.ts";
import { ownOf } from "../../../shared/own.ts";
import type { Manifest } from "../../../shared/schema/manifest.ts";
import type { Slug } from "../../../shared/schema/names.ts";
import type { SnapshotSegment } from "../../../shared/schema/segment.ts";
import type { Snapshot } from "../../../shared/schema/snapshot.ts";
import type { DerivedFrom } from "./derived.ts";
import type { EdgeSources } from "./edge-sources.ts";
import { factsOf } from "./facts.ts";
import { gatherBlocks } from "./gather-blocks.ts";
import type { HeldBlock } from "./held-block.ts";
import type { Lanes } from "./lanes.ts";
import type { Loading } from "./loading.ts";
import { TEXTS_BYTES } from "./memory-budget.ts";
import type { ProjectMemory, ProjectState } from "./project-memory.ts";

/** A load in its turn. */
export interface Job {
  readonly state: ProjectState;
  readonly environment: Slug;
  /** What the pointer calls it, or `LAST_COPY`. */
  readonly hash: string;
  readonly loading: Loading;
  readonly lanes: Lanes;
  /** A sign of life; false when the turn is over, because another request has taken it or the project is gone. */
  isMine(): boolean;
  /** Whether what is being fetched is no longer wanted. */
  isOvertaken(): boolean;
  fetchBlock(hash: string): Promise<HeldBlock | null>;
}

/** What a whole snapshot and a manifest both say of themselves. */
export type Head = Pick<Manifest, "epoch" | "revision" | "kills" | "signingKeys" | "sealKey">;

/** An environment ready to be put in place. */
export interface Version extends DerivedFrom {
  readonly head: Head;
  readonly compiled: CompiledSnapshot;
  readonly blocks: readonly HeldBlock[];
  readonly bytes: number;
}

/** A version that only has to be compiled: in slices, between which requests go. */
export interface Uncompiled {
  slices(dialects: DialectSource | undefined): Slices<CompiledSnapshot>;
  /** With what the last slice returned. */
  finish(compiled: CompiledSnapshot): Version;
}

/** Makes versions ready to be compiled. Null when one could not be had, is not wanted any more or does not fit. */
export class VersionBuilder {
  readonly #sources: Pick<EdgeSources, "now" | "wait" | "report">;
  readonly #memory: ProjectMemory;

  constructor(sources: EdgeSources, memory: ProjectMemory) {
    this.#sources = sources;
    this.#memory = memory;
  }

  whole(job: Job, snapshot: Snapshot, text: string): Uncompiled | null {
    const { segments, sealKey } = snapshot;
    const bytes = compiledWeight(text);
    if (!this.#hasRoom(job, bytes, 0)) return this.#refuse(job, snapshot, bytes);
    return {
      slices: (dialects) => compileWhole(snapshot, dialects),
      finish: (compiled) => ({
        head: snapshot,
        compiled,
        facts: [factsOf(snapshot)],
        sealKey,
        segment: (key) => ownOf(segments, key),
        blocks: [],
        bytes,
      }),
    };
  }

  async blocks(job: Job, manifest: Manifest, patch: string | null): Promise<Uncompiled | null> {
    const { state, environment, loading } = job;
    const held = new Map(state.environments.get(environment)?.blocks.map((block) => [block.hash, block]));
    const wanted = new Set(manifest.blocks);
    for (const hash of loading.blocks.keys()) if (!wanted.has(hash)) loading.blocks.delete(hash);
    // Before any is read: their texts have to find room beside the version in place, whatever they come to.
    if (!this.#hasRoom(job, charsToCome(manifest, held), TEXTS_BYTES))
      return this.#refuse(job, manifest, manifest.chars);
    const blocks = await this.#gather(job, manifest, patch, held);
    const bytes = blocks === null ? 0 : sumOfBytes(blocks);
    const added = blocks === null ? 0 : bytes - sumOfBytes(blocks.filter(({ hash }) => held.has(hash)));
    // Nothing in here may hold on to the version in place while it gives way.
    held.clear();
    if (blocks === null) return null;
    if (!this.#hasRoom(job, added, 0)) {
      const gone = (state.environments.get(environment)?.bytes ?? 0) - (bytes - added);
      if (gone <= 0 || !this.#hasRoom(job, added, gone)) return this.#refuse(job, manifest, bytes);
      if (!(await this.#giveWay(job, blocks))) return null;
    }
    const { sealKey } = manifest;
    return {
      slices: (dialects) =>
        compileBlocks(state.environments.get(environment)?.compiled ?? null, manifest, blocks, re2, dialects),
      finish: (compiled) => ({
        head: manifest,
        compiled,
        facts: blocks.map((block) => block.facts()),
        sealKey,
        segment: segmentIn(blocks),
        blocks,
        bytes,
      }),
    };
  }

  #gather(job: Job, manifest: Manifest, patch: string | null, held: ReadonlyMap<string, HeldBlock>) {
    return gatherBlocks({
      manifest,
      patch,
      held,
      arrived: job.loading.blocks,
      lanes: job.lanes,
      fetch: job.fetchBlock,
      pause: () => this.#sources.wait(0),
      goesOn: () => job.isMine() && !job.isOvertaken(),
    });
  }

  /** Reserves room for so many bytes, if there is any when so many need none or will have gone. */
  #hasRoom({ state, loading }: Job, bytes: number, spared: number): boolean {
    loading.reserved = 0;
    const hasRoom = this.#memory.makeRoomFor(state, Math.max(0, bytes - spared), this.#sources.now());
    if (hasRoom) loading.reserved = bytes;
    return hasRoom;
  }

  /**
   * Where both versions do not fit, the one in place goes: not before every block of the next one is here, checked and
   * readable, so that nothing but compiling is left to do. Requests wait for that as they do for a cold start.
   */
  async #giveWay({ state, environment, loading, isMine }: Job, blocks: readonly HeldBlock[]): Promise<boolean> {
    for (const block of blocks) {
      // Throws where it cannot be read.
      block.facts();
      await this.#sources.wait(0);
      if (!isMine()) return false;
    }
    loading.kills = state.environments.get(environment)?.kills ?? [];
    state.environments.delete(environment);
    return true;
  }

  #refuse({ state: { project }, environment, loading, hash }: Job, { revision }: Head, bytes: number): null {
    loading.refuse(hash, this.#sources.now(), bytes > this.#memory.maxBytes);
    loading.blocks.clear();
    this.#sources.report({ event: "snapshot-too-large", project, environment, revision, bytes: Math.round(bytes) });
    return null;
  }
}

// biome-ignore lint/correctness/useYield: what comes whole is compiled in one slice
function* compileWhole(snapshot: Snapshot, dialects: DialectSource | undefined): Slices<CompiledSnapshot> {
  return compile(snapshot, re2, dialects);
}

const sumOfBytes = (blocks: readonly HeldBlock[]): number => blocks.reduce((sum, { bytes }) => sum + bytes, 0);

/** Characters of the blocks that are not held. */
const charsToCome = ({ blocks, chars }: Manifest, held: ReadonlyMap<string, HeldBlock>): number =>
  Math.max(
    0,
    blocks.reduce((left, hash) => left - (held.get(hash)?.text.length ?? 0), chars),
  );

/** Looks a segment up in the blocks that have any. It holds on to no other: they may be of a version long gone. */
function segmentIn(blocks: readonly HeldBlock[]): Version["segment"] {
  const having = blocks.filter((block) => block.facts().segments.length > 0);
  return (key) => {
    const block = having.find((one) => one.facts().segments.includes(key));
    return block && (block.entry("segment", key) as SnapshotSegment | undefined);
  };
}
