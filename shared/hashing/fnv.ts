import { utf8 } from "../evaluation/bucketing/bucket.ts";

const OFFSET = 0x811c9dc5 | 0;
const PRIME = 0x01000193;

/** FNV-1a of 32 bits over a text's UTF-16 code units, as GrowthBook's SDKs in JavaScript take it. */
export function fnv1aUnits(text: string): number {
  let hash = OFFSET;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), PRIME);
  return hash >>> 0;
}

/** FNV-1a of 32 bits over a text's UTF-8 bytes. */
export function fnv1aBytes(text: string): number {
  let hash = OFFSET;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 127) return ofBytes(utf8(text));
    hash = Math.imul(hash ^ code, PRIME);
  }
  return hash >>> 0;
}

function ofBytes(bytes: readonly number[]): number {
  let hash = OFFSET;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, PRIME);
  return hash >>> 0;
}

/** The same of a whole number's decimal digits, without a text of them. */
export function fnv1aDecimal(value: number): number {
  let place = 1;
  while (value / place >= 10) place *= 10;
  let hash = OFFSET;
  for (; place >= 1; place /= 10) hash = Math.imul(hash ^ (48 + (Math.floor(value / place) % 10)), PRIME);
  return hash >>> 0;
}
