import type { AttributePath } from "../evaluation/model/attribute-path.ts";
import type { Hash64 } from "../hashing/sip-hash.ts";
import { LIST_SHARD_KEYS } from "../limits.ts";
import type { KeyName } from "../schema/names.ts";
import type { SnapshotList } from "../schema/segment.ts";

/*
 * Long lists of segments: sorted 64-bit keyed hashes in shards. A list is divided by the first bits of the hash
 * into 2^n shards of about LIST_SHARD_KEYS, so one look-up reads one shard.
 *
 * Packed hashes are little-endian 64-bit integers, ascending. In memory they are words: the low half at 2i, the high
 * half at 2i+1 (which is the same bytes on every machine that JavaScript runs on in practice).
 *
 * False positives: a key that is not listed is taken for one with probability (keys of the list) / 2^64, below
 * 10^-13 at a million. There are no false negatives.
 */

/** A list that a compiled snapshot refers to. */
export interface SegmentList {
  readonly segment: KeyName;
  readonly by: AttributePath;
  readonly source: SnapshotList;
}

/** How many shards a list of so many keys is divided into: a power of two. */
export function shardCount(keys: number): number {
  let shards = 1;
  while (keys / shards > LIST_SHARD_KEYS) shards *= 2;
  return shards;
}

/** The shard that a hash belongs to, by its first bits. */
export function shardOf(hash: Hash64, shards: number): number {
  return shards === 1 ? 0 : hash.high >>> (1 + Math.clz32(shards));
}

/** Whether sorted hashes hold this one. */
export function holds(words: Uint32Array, { high, low }: Hash64): boolean {
  let from = 0;
  let to = words.length >> 1;
  while (from < to) {
    const middle = (from + to) >> 1;
    const order = (words[middle * 2 + 1] as number) - high || (words[middle * 2] as number) - low;
    if (order === 0) return true;
    if (order < 0) from = middle + 1;
    else to = middle;
  }
  return false;
}

/** Sorts hashes and drops what stands twice. The words are sorted in place. */
export function sortHashes(words: Uint32Array): Uint32Array {
  const hashes = new BigUint64Array(words.buffer, words.byteOffset, words.length >> 1).sort();
  let kept = 0;
  for (let index = 0; index < hashes.length; index++) {
    const low = words[index * 2] as number;
    const high = words[index * 2 + 1] as number;
    if (kept > 0 && words[kept * 2 - 2] === low && words[kept * 2 - 1] === high) continue;
    words[kept * 2] = low;
    words[kept * 2 + 1] = high;
    kept++;
  }
  return words.subarray(0, kept * 2);
}

/** Divides sorted hashes into shards. The parts share the memory of the whole. */
export function divide(words: Uint32Array, shards: number): Uint32Array[] {
  const parts: Uint32Array[] = [];
  let from = 0;
  for (let shard = 0; shard < shards; shard++) {
    let to = from;
    while (to < words.length && shardOf({ high: words[to + 1] as number, low: 0 }, shards) === shard) to += 2;
    parts.push(words.subarray(from, to));
    from = to;
  }
  return parts;
}

/** Sorted hashes with some added and some taken out; `added` and `removed` are sorted too and share nothing. */
export function amend(words: Uint32Array, added: Uint32Array, removed: Uint32Array): Uint32Array {
  const result = new Uint32Array(words.length + added.length);
  let kept = 0;
  let w = 0;
  let a = 0;
  let r = 0;
  while (w < words.length || a < added.length) {
    const order = w >= words.length ? 1 : a >= added.length ? -1 : compare(words, w, added, a);
    if (order > 0) {
      result[kept++] = added[a++] as number;
      result[kept++] = added[a++] as number;
      continue;
    }
    if (order === 0) a += 2;
    while (r < removed.length && compare(removed, r, words, w) < 0) r += 2;
    if (r < removed.length && compare(removed, r, words, w) === 0) w += 2;
    else {
      result[kept++] = words[w++] as number;
      result[kept++] = words[w++] as number;
    }
  }
  return result.slice(0, kept);
}

function compare(a: Uint32Array, i: number, b: Uint32Array, j: number): number {
  return (a[i + 1] as number) - (b[j + 1] as number) || (a[i] as number) - (b[j] as number);
}

/** Bytes as they lie in storage, or null when they cannot be this shard. Cheap: it looks at both ends only. */
export function unpackShard(bytes: ArrayBuffer, shard: number, shards: number): Uint32Array | null {
  if (bytes.byteLength % 8 !== 0) return null;
  const words = new Uint32Array(bytes);
  for (const at of words.length === 0 ? [] : [1, words.length - 1]) {
    if (shardOf({ high: words[at] as number, low: 0 }, shards) !== shard) return null;
  }
  return words;
}
