import { utf8 } from "../evaluation/bucketing/bucket.ts";

const TABLE = Int32Array.from({ length: 256 }, (_, index) => {
  let word = index;
  for (let bit = 0; bit < 8; bit++) word = word & 1 ? (word >>> 1) ^ 0xedb88320 : word >>> 1;
  return word;
});

/** CRC-32 (IEEE 802.3) of a text's UTF-8 bytes. */
export function crc32(text: string): number {
  let sum = -1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 127) return ofBytes(utf8(text));
    sum = (sum >>> 8) ^ (TABLE[(sum ^ code) & 255] as number);
  }
  return ~sum >>> 0;
}

function ofBytes(bytes: readonly number[]): number {
  let sum = -1;
  for (const byte of bytes) sum = (sum >>> 8) ^ (TABLE[(sum ^ byte) & 255] as number);
  return ~sum >>> 0;
}
