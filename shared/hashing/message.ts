import { utf8 } from "../evaluation/bucketing/bucket.ts";

/*
 * Messages of MD5, SHA-1 and SHA-256: blocks of 16 words, padded as all three pad. One text is hashed at a time, so all
 * share one buffer, which grows to the longest text.
 */

let words = new Int32Array(32);

/** The padded words of a text's UTF-8 bytes, good until the next call. @param bigEndian as SHA reads them, MD5 does not */
export function padded(text: string, bigEndian: boolean): { words: Int32Array; blocks: number } {
  let bytes: string | readonly number[] = text;
  for (let at = 0; at < text.length; at++)
    if (text.charCodeAt(at) > 127) {
      bytes = utf8(text);
      break;
    }
  const { length } = bytes;
  const blocks = (length + 72) >>> 6;
  if (words.length < blocks * 16) words = new Int32Array(blocks * 32);
  words.fill(0, 0, blocks * 16);
  for (let at = 0; at < length; at++) {
    const byte = typeof bytes === "string" ? bytes.charCodeAt(at) : (bytes[at] as number);
    words[at >>> 2]! |= byte << shiftOf(at, bigEndian);
  }
  words[length >>> 2]! |= 0x80 << shiftOf(length, bigEndian);
  const low = blocks * 16 - (bigEndian ? 1 : 2);
  words[low] = length << 3;
  words[low + (bigEndian ? -1 : 1)] = length >>> 29;
  return { words, blocks };
}

const shiftOf = (at: number, bigEndian: boolean): number => (bigEndian ? 24 - ((at & 3) << 3) : (at & 3) << 3);
