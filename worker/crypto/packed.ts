import { deflateRawSync, inflateRawSync } from "node:zlib";
import { textOfUtf8 } from "./base64.ts";

/** In front of compressed bytes; no JSON text begins with it. */
const COMPRESSED = 0;
/** Of a longer text (UTF-8 bytes) it is not tried: compressing takes time with each answer. */
const MOST_TO_COMPRESS = 32_768;

const encoder = new TextEncoder();

/** The bytes of a JSON text, compressed if they are too many as they are; null when even so they are more than `most`. */
export function packed(text: string, most: number): Uint8Array | null {
  const plain = encoder.encode(text);
  if (plain.length <= most) return plain;
  if (plain.length > MOST_TO_COMPRESS) return null;
  const compressed = deflateRawSync(plain, { level: 1 });
  if (compressed.length + 1 > most) return null;
  const bytes = new Uint8Array(compressed.length + 1);
  bytes[0] = COMPRESSED;
  bytes.set(compressed, 1);
  return bytes;
}

/** The text of what `packed` made; null when the bytes are none. */
export function unpacked(bytes: Uint8Array): string | null {
  if (bytes[0] !== COMPRESSED) return textOfUtf8(bytes);
  try {
    return textOfUtf8(inflateRawSync(bytes.subarray(1), { maxOutputLength: MOST_TO_COMPRESS }));
  } catch {
    return null;
  }
}
