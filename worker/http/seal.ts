import { sha256 } from "../kv/snapshot-store.ts";

/*
 * Sealed texts: AES-256-GCM under a project's secret, readable and alterable by nobody else. The nonce is derived
 * from secret and content (as in RFC 8452's idea), so the same text is sealed alike, and never two texts under one.
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const keys = new Map<string, CryptoKey>();

/** One key per project and use; there are few, and importing costs more than sealing. */
async function sealingKey(secret: string): Promise<CryptoKey> {
  const known = keys.get(secret);
  if (known) return known;
  const bytes = new Uint8Array(secret.match(/../g)?.map((hex) => Number.parseInt(hex, 16)) ?? []);
  const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
  if (keys.size >= 200) keys.clear();
  keys.set(secret, key);
  return key;
}

/** @param secret 256 bits in hex */
export async function seal(secret: string, text: string): Promise<string> {
  const nonce = encoder.encode(sha256(`${secret}\n${text}`).slice(0, 12));
  const key = await sealingKey(secret);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, key, encoder.encode(text));
  return toBase64Url(new Uint8Array([...nonce, ...new Uint8Array(sealed)]));
}

/** The text as it was sealed; null when it was altered or sealed with another secret. */
export async function unseal(secret: string, sealed: string): Promise<string | null> {
  try {
    const bytes = fromBase64Url(sealed);
    const key = await sealingKey(secret);
    return decoder.decode(
      await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes.slice(0, 12) }, key, bytes.slice(12)),
    );
  } catch {
    return null;
  }
}

const toBase64Url = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

const fromBase64Url = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
