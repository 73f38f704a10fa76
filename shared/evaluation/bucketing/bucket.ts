import { SPLIT_TOTAL } from "../../limits.ts";

/*
 * The named algorithm "blastdoor-1". Everything is 32-bit MurmurHash3 (murmur3_x86_32, Appleby 2011), which every
 * language has:
 *
 *   unit   = murmur3(utf8(attribute), 0)
 *   hash   = murmur3(little-endian 4 bytes of unit, murmur3(utf8(seed), 0))
 *   bucket = floor(hash * SPLIT_TOTAL / 2^32)
 *
 * The attribute is hashed once for all flags and then mixed with each flag's seed. The bucket is taken by
 * multiplying, not by a modulo, which would favour low buckets. Text is hashed as UTF-8 with lone surrogates
 * replaced by U+FFFD, as TextEncoder does. Test vectors: cases/bucket.json.
 */

const { imul } = Math;

/** murmur3_x86_32 of a text's UTF-8 bytes, as a signed 32-bit integer. */
export function murmur3(text: string, seed: number): number {
  const { length } = text;
  let hash = seed | 0;
  let index = 0;
  /** Every bit that any character has: whether all were ASCII is asked once. */
  let seen = 0;
  for (; index + 4 <= length; index += 4) {
    const a = text.charCodeAt(index);
    const b = text.charCodeAt(index + 1);
    const c = text.charCodeAt(index + 2);
    const d = text.charCodeAt(index + 3);
    seen |= a | b | c | d;
    hash = mixBlock(hash, premix(a | (b << 8) | (c << 16) | (d << 24)));
  }
  let tail = 0;
  for (let at = length - 1; at >= index; at--) {
    const code = text.charCodeAt(at);
    seen |= code;
    tail = (tail << 8) | code;
  }
  return seen > 127 ? murmur3OfBytes(utf8(text), seed) : finish(hash ^ premix(tail), length);
}

function murmur3OfBytes(bytes: readonly number[], seed: number): number {
  const whole = bytes.length & ~3;
  const byte = (at: number): number => bytes[at] ?? 0;
  const block = (at: number): number => byte(at) | (byte(at + 1) << 8) | (byte(at + 2) << 16) | (byte(at + 3) << 24);
  let hash = seed | 0;
  for (let at = 0; at < whole; at += 4) hash = mixBlock(hash, premix(block(at)));
  return finish(hash ^ premix(block(whole)), bytes.length);
}

/** UTF-8 with lone surrogates replaced by U+FFFD. */
export function utf8(text: string): number[] {
  const bytes: number[] = [];
  for (const character of text) {
    let code = character.codePointAt(0) ?? 0;
    if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
  }
  return bytes;
}

function premix(block: number): number {
  const k = imul(block, 0xcc9e2d51);
  return imul((k << 15) | (k >>> 17), 0x1b873593);
}

function mixBlock(hash: number, k: number): number {
  const h = hash ^ k;
  return (imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number, length: number): number {
  let h = hash ^ length;
  h = imul(h ^ (h >>> 16), 0x85ebca6b);
  h = imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** The part of a unit's hash that no seed changes, kept per evaluation. */
export function unitHash(identity: string): number {
  return premix(murmur3(identity, 0) | 0);
}

export function seedHash(seed: string): number {
  return murmur3(seed, 0);
}

/** The hash that decides a bucket: of an already hashed unit under an already hashed seed, signed. */
export function bucketHash(seed: number, unit: number): number {
  return finish(mixBlock(seed, unit), 4);
}

/**
 * The first hash whose bucket is not below `bucket`, to compare hashes with: floor(hash * SPLIT_TOTAL / 2^32) < bucket exactly
 * when hash < ceil(bucket * 2^32 / SPLIT_TOTAL). At the end of all buckets there is no such hash; that end is never
 * compared with.
 */
export function hashAt(bucket: number): number {
  return Math.ceil((bucket * 4_294_967_296) / SPLIT_TOTAL) | 0;
}

/** Whether a < b, both read as unsigned. */
export function isBelow(a: number, b: number): boolean {
  return (a ^ 0x80000000) < (b ^ 0x80000000);
}

/** The same as 1 or 0, without a branch, since no processor can predict a hash. */
export function below(a: number, b: number): number {
  return ((~a & b) | (~(a ^ b) & (a - b))) >>> 31;
}

/** The bucket of an already hashed unit under an already hashed seed: which of SPLIT_TOTAL parts, 0-based. */
export function bucketOf(seed: number, unit: number): number {
  return Math.floor(((bucketHash(seed, unit) >>> 0) * SPLIT_TOTAL) / 4_294_967_296);
}

/** Which part a unit falls into under a seed. */
export function bucket(seed: string, identity: string): number {
  return bucketOf(seedHash(seed), unitHash(identity));
}
