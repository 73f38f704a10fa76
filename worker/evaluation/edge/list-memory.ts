import { identityText, parsePath, readAttribute } from "../../../shared/evaluation/attribute.ts";
import type { CompiledSnapshot } from "../../../shared/evaluation/compile/compile.ts";
import type { Audience, Memberships } from "../../../shared/evaluation/run/evaluate.ts";
import { type Hash64, sipHash, sipKey } from "../../../shared/hashing/sip-hash.ts";
import { LIMITS } from "../../../shared/limits.ts";
import { type KeyName, parseKeyName, type Slug } from "../../../shared/schema/names.ts";
import type { Snapshot } from "../../../shared/schema/snapshot.ts";
import { holds, type SegmentList, shardOf, unpackShard } from "../../../shared/segments/segment-list.ts";
import { fromBase64 } from "../../crypto/base64.ts";
import type { Env } from "../../env.ts";
import { listShardKey, readListShard } from "../../kv/list-shards.ts";
import { log } from "../../log.ts";
import { flagStore } from "../../objects/stubs.ts";
import { within } from "../../within.ts";

/** An evaluation waits this long (ms) for shards; then it goes on without, and what they would say is unknown. */
export const LIST_DEADLINE_MS = 20;
/** Where nobody is kept waiting: streams and the playground (ms). */
export const LIST_PATIENCE_MS = 2_000;
/** Bytes of shards in one isolate: two lists of a million keys whole, an eighth of its 128 MB. */
const MAX_BYTES = 16 * 1024 * 1024;
/** A read that takes longer counts as lost (ms), and another request may try. */
const SHARD_LEASE_MS = 1_000;
const STEP_MS = 2;

/** Everything the memory reaches outside itself. */
export interface ShardSources {
  now(): number;
  wait(ms: number): Promise<void>;
  kvShard(key: string): Promise<ArrayBuffer | null>;
  /** The store's own copy, for when KV has none. */
  storeShard(project: Slug, segment: KeyName, shard: number, version: string): Promise<ArrayBuffer | null>;
  report(event: { event: string } & Record<string, string | number>): void;
}

/** One shard to be read for one list of one request. */
interface Wanted {
  readonly list: SegmentList;
  readonly hash: Hash64;
  readonly shard: number;
  readonly key: string;
}

/**
 * Shards of long lists in one isolate's memory, the longest unused going first. As in the pointer's lane, requests
 * share plain memory and lease timestamps, never a promise: the request that takes a shard's lease reads it under its own
 * `waitUntil`, others look again on their own timers. Keys are immutable, so nothing in here is ever stale.
 */
export class ListMemory {
  readonly #sources: ShardSources;
  readonly #shards = new Map<string, Uint32Array>();
  /** Shards being read, or that could not be: not asked for again before (epoch ms). */
  readonly #leases = new Map<string, { until: number; failed: boolean }>();
  #bytes = 0;

  constructor(sources: ShardSources) {
    this.#sources = sources;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Which of these lists hold the context's subject. What is missing from the answer could not be read in time. */
  memberships(
    project: Slug,
    lists: readonly SegmentList[],
    context: unknown,
    waitUntil: (work: Promise<unknown>) => void,
    deadlineMs: number,
  ): Memberships | Promise<Memberships> {
    const known = new Map<string, boolean>();
    const open: Wanted[] = [];
    for (const list of lists) {
      const identity = identityOf(context, list);
      if (identity === null) continue;
      const { shards, key } = list.source;
      // Longer ones cannot be listed.
      if (identity.length > LIMITS.conditionValueChars) {
        known.set(list.segment, false);
        continue;
      }
      const hash = sipHash(sipKey(key), identity);
      const shard = shardOf(hash, shards.length);
      const version = shards[shard] ?? "";
      if (version === "") {
        known.set(list.segment, false);
        continue;
      }
      const wanted = { list, hash, shard, key: listShardKey(project, list.segment, version, shard) };
      if (!this.#settle(wanted, known)) open.push(wanted);
    }
    return open.length === 0 ? known : this.#wait(project, open, known, waitUntil, deadlineMs);
  }

  /** Counts turns of its own timer, so that no clock can prolong it. */
  async #wait(
    project: Slug,
    open: Wanted[],
    known: Map<string, boolean>,
    waitUntil: (work: Promise<unknown>) => void,
    deadlineMs: number,
  ): Promise<Memberships> {
    const reads = open.filter(({ key }) => this.#takeLease(key)).map((wanted) => this.#read(project, wanted));
    for (const read of reads) waitUntil(read);
    let own: Promise<unknown> | null = reads.length === 0 ? null : Promise.all(reads);
    const hopeful = (wanted: Wanted) => !this.#leases.get(wanted.key)?.failed;
    let left = open.filter(hopeful);
    for (let waited = 0; waited < deadlineMs && left.length > 0; waited += STEP_MS) {
      const step = this.#sources.wait(STEP_MS);
      if (own === null) await step;
      else if ((await Promise.race([own.then(() => "read"), step])) === "read") own = null;
      left = left.filter((wanted) => !this.#settle(wanted, known) && hopeful(wanted));
    }
    return known;
  }

  /** Answers from memory, if the shard is there. */
  #settle({ list, hash, key }: Wanted, known: Map<string, boolean>): boolean {
    const words = this.#shards.get(key);
    if (!words) return false;
    // Order matters only once something may have to go.
    if (this.#bytes > MAX_BYTES / 2) {
      this.#shards.delete(key);
      this.#shards.set(key, words);
    }
    known.set(list.segment, holds(words, hash));
    return true;
  }

  /** A lease that ends further away than one lasts was taken before the clock was set back. */
  #takeLease(key: string): boolean {
    const now = this.#sources.now();
    const lease = this.#leases.get(key);
    if (lease && now < lease.until && lease.until - now <= SHARD_LEASE_MS) return false;
    if (this.#leases.size >= 10_000) this.#leases.clear();
    this.#leases.set(key, { until: now + SHARD_LEASE_MS, failed: false });
    return true;
  }

  async #read(project: Slug, { list, shard, key }: Wanted): Promise<void> {
    const { shards } = list.source;
    const { report } = this.#sources;
    const unpacked = async (source: string, read: Promise<ArrayBuffer | null>): Promise<Uint32Array | null> => {
      try {
        const bytes = await read;
        const words = bytes && unpackShard(bytes, shard, shards.length);
        if (bytes && !words) report({ event: "shard-refused", source, key });
        return words;
      } catch (error) {
        report({ event: "shard-unreadable", source, key, error: String(error) });
        return null;
      }
    };
    const { kvShard, storeShard } = this.#sources;
    const words =
      (await unpacked("kv", kvShard(key))) ??
      (await unpacked("store", storeShard(project, list.segment, shard, shards[shard] ?? "")));
    if (words) {
      this.#keep(key, words);
      this.#leases.delete(key);
    } else {
      // Kept until it runs out: a shard that cannot be had is asked for once a lease, and nobody waits for it.
      this.#leases.set(key, { until: this.#sources.now() + SHARD_LEASE_MS, failed: true });
    }
  }

  #keep(key: string, words: Uint32Array): void {
    if (this.#shards.has(key)) return;
    this.#shards.set(key, words);
    this.#bytes += words.byteLength;
    for (const [oldest, held] of this.#shards) {
      if (this.#bytes <= MAX_BYTES) break;
      this.#shards.delete(oldest);
      this.#bytes -= held.byteLength;
    }
  }
}

function identityOf(context: unknown, list: SegmentList): string | null {
  if (typeof context !== "object" || context === null || Array.isArray(context)) return null;
  return identityText(readAttribute(context, list.by));
}

/** Long lists of a whole snapshot that was not compiled, for the playground. */
export const listsOf = (snapshot: Snapshot): SegmentList[] =>
  Object.entries(snapshot.segments).flatMap(([key, { by, list }]) => {
    const segment = parseKeyName(key);
    return list && segment !== null ? [{ segment, by: parsePath(by), source: list }] : [];
  });

const NONE: readonly SegmentList[] = [];

/**
 * Long lists that one flag, or all of them, need. For a client key it is the same ones whether a flag does not exist, is
 * hidden from it, or may be: a read of KV takes milliseconds, which would tell those apart. Flags that everybody may
 * know of need only their own.
 */
export function listsNeeded(compiled: CompiledSnapshot, audience: Audience, flag?: string): readonly SegmentList[] {
  if (flag === undefined) return compiled.lists;
  const isPublic = audience === "server" || compiled.flags.get(flag)?.visibility === "public";
  return isPublic ? (compiled.listsByFlag.get(flag) ?? NONE) : compiled.listsOfTargeted;
}

const timed = <T>(work: Promise<T>): Promise<T> => within(SHARD_LEASE_MS, work);

let memory: ListMemory | undefined;

/** This isolate's memory of lists, made at the first request: bindings are the same for an isolate's whole life. */
export function isolateLists(env: Env): ListMemory {
  memory ??= new ListMemory({
    now: () => Date.now(),
    wait: (ms) => scheduler.wait(ms),
    kvShard: (key) => timed(readListShard(env.SNAPSHOTS, key)),
    storeShard: async (project, segment, shard, version) => {
      const text = await timed(flagStore(env, project).listShard(segment, shard, version));
      return text === null ? null : fromBase64(text).buffer;
    },
    report: log,
  });
  return memory;
}
