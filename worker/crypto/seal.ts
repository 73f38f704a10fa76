import { type SipKey, sipHash, sipKey } from "../../shared/hashing/sip-hash.ts";
import { bytesOfBase64Url, textOfUtf8, toBase64Url } from "./base64.ts";
import { sha256 } from "./sha256.ts";

/*
 * Sealed texts: AES-256-GCM under a project's secret, readable and alterable by nobody else. The nonce is a keyed hash
 * of the content (a synthetic nonce, RFC 8452's idea), so the same text is sealed alike. Two texts share one only if
 * they meet in all 96 bits: once among 2^32 texts with odds of one in 2^33.
 */

const NONCE_BYTES = 12;

interface Sealing {
  readonly key: CryptoKey;
  /** Of two independent 64-bit hashes of a text, 96 bits are its nonce. */
  readonly nonce: readonly [SipKey, SipKey];
}

const encoder = new TextEncoder();
const sealings = new Map<string, Sealing>();

/** One per project and use; there are few, and importing a key costs more than sealing. */
async function sealingOf(secret: string): Promise<Sealing> {
  const known = sealings.get(secret);
  if (known) return known;
  const key = await crypto.subtle.importKey("raw", Uint8Array.fromHex(secret), "AES-GCM", false, [
    "encrypt",
    "decrypt",
  ]);
  const hashed = sha256(`nonce\n${secret}`);
  const sealing: Sealing = { key, nonce: [sipKey(hashed.slice(0, 32)), sipKey(hashed.slice(32))] };
  if (sealings.size >= 200) sealings.clear();
  sealings.set(secret, sealing);
  return sealing;
}

/** @param secret 256 bits in hex */
export async function seal(secret: string, text: string): Promise<string> {
  const { key, nonce } = sealings.get(secret) ?? (await sealingOf(secret));
  const first = sipHash(nonce[0], text);
  const iv = new Uint8Array(Uint32Array.of(first.high, first.low, sipHash(nonce[1], text).low).buffer);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, encoder.encode(text));
  // Twelve bytes are sixteen characters without remainder, so nonce and content can be written one by one.
  return toBase64Url(iv) + toBase64Url(new Uint8Array(sealed));
}

/** The text as it was sealed; null when it was altered, spelt in another way or sealed with another secret. */
export async function unseal(secret: string, sealed: string): Promise<string | null> {
  const bytes = bytesOfBase64Url(sealed);
  if (bytes === null) return null;
  try {
    const { key } = await sealingOf(secret);
    const iv = bytes.subarray(0, NONCE_BYTES);
    const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, bytes.subarray(NONCE_BYTES));
    return textOfUtf8(new Uint8Array(opened));
  } catch {
    return null;
  }
}
