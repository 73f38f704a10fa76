import { identityText, readAttribute } from "../../shared/evaluation/attribute.ts";
import type { CompiledSnapshot } from "../../shared/evaluation/compile/compile.ts";
import type { Memberships } from "../../shared/evaluation/run/evaluate.ts";
import { sipHash, sipKey } from "../../shared/hashing/sip-hash.ts";
import { LIMITS } from "../../shared/limits.ts";
import { holds, type SegmentList, shardOf, unpackShard } from "../../shared/segments/segment-list.ts";

/** A shard by `segment/version/index`, which names its bytes for good. */
export type ShardName = string;
export type FetchShard = (name: ShardName) => Promise<ArrayBuffer | null>;

/** Shards that are loaded at a time. */
const AT_A_TIME = 6;
const NOTHING: readonly SegmentList[] = [];

/** The long lists of one version, whole in memory, so that no evaluation waits for one. */
export class ListShards {
  readonly #words: ReadonlyMap<ShardName, Uint32Array>;
  /** Shards that could not be had, or had no room. */
  readonly missing: readonly ShardName[];

  constructor(words: ReadonlyMap<ShardName, Uint32Array>, missing: readonly ShardName[] = []) {
    this.#words = words;
    this.missing = missing;
  }

  get words(): ReadonlyMap<ShardName, Uint32Array> {
    return this.#words;
  }

  /** Which of a flag's lists, or of all, hold the context's subject. What is missing here is unknown. */
  memberships(compiled: CompiledSnapshot, context: object, flag?: string): Memberships | undefined {
    if (compiled.lists.length === 0) return undefined;
    const lists = flag === undefined ? compiled.lists : (compiled.listsByFlag.get(flag) ?? NOTHING);
    if (lists.length === 0) return undefined;
    const known = new Map<string, boolean>();
    for (const list of lists) {
      const member = this.#member(list, context);
      if (member !== null) known.set(list.segment, member);
    }
    return known;
  }

  #member({ segment, by, source: { key, shards } }: SegmentList, context: object): boolean | null {
    const identity = identityText(readAttribute(context, by));
    if (identity === null) return null;
    // Longer ones cannot be listed.
    if (identity.length > LIMITS.conditionValueChars) return false;
    const hash = sipHash(sipKey(key), identity);
    const shard = shardOf(hash, shards.length);
    const version = shards[shard] ?? "";
    if (version === "") return false;
    const words = this.#words.get(nameOf(segment, version, shard));
    return words === undefined ? null : holds(words, hash);
  }
}

const nameOf = (segment: string, version: string, shard: number): ShardName => `${segment}/${version}/${shard}`;

/**
 * The shards of all lists that a version's flags rest on: those that are held, and the others from outside. One that
 * cannot be had is left out, so that nothing waits for it.
 *
 * @param maxBytes of all lists together; a list that does not fit beside those before it is left out whole
 */
export async function loadShards(
  lists: readonly SegmentList[],
  held: ReadonlyMap<ShardName, Uint32Array>,
  fetchShard: FetchShard,
  maxBytes: number,
): Promise<ListShards> {
  const words = new Map<ShardName, Uint32Array>();
  const missing: ShardName[] = [];
  const open: { name: ShardName; shard: number; shards: number }[] = [];
  let bytes = 0;
  for (const { segment, source } of lists) {
    const names = source.shards.flatMap((version, shard) =>
      version === "" ? [] : [{ name: nameOf(segment, version, shard), shard, shards: source.shards.length }],
    );
    bytes += source.count * 8;
    if (bytes > maxBytes) missing.push(...names.map(({ name }) => name));
    else open.push(...names);
    if (bytes > maxBytes) bytes -= source.count * 8;
  }
  const load = async ({ name, shard, shards }: (typeof open)[number]) => {
    const known = held.get(name);
    const bytes = known === undefined ? await fetchShard(name).catch(() => null) : null;
    const found = known ?? (bytes && unpackShard(bytes, shard, shards));
    if (found) words.set(name, found);
    else missing.push(name);
  };
  const lane = async () => {
    for (let next = open.shift(); next !== undefined; next = open.shift()) await load(next);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, lane));
  return new ListShards(words, missing);
}
