import { sha256 } from "../kv/snapshot-store.ts";

/** What a stream needs to know of the person it serves; sealed, so that neither they nor others can read or alter it. */
export interface StreamSubject {
  keyId: string;
  context: Record<string, unknown>;
  /** ETag of the result that the client holds. */
  etag: string;
}

interface Sealed extends StreamSubject {
  /** Epoch ms. */
  expires: number;
}

/** Tokens change with this period (ms) and live for one to two of them: reconnects and sleeping laptops included. */
export const STREAM_TOKEN_PERIOD_MS = 6 * 3_600_000;
/** Longer contexts get no stream: the token travels in a URL. */
const MAX_SEALED_CHARS = 4_096;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const keys = new Map<string, CryptoKey>();

/** One key per project; there are few, and importing costs more than sealing. */
async function sealingKey(secret: string): Promise<CryptoKey> {
  const known = keys.get(secret);
  if (known) return known;
  const bytes = new Uint8Array(secret.match(/../g)?.map((hex) => Number.parseInt(hex, 16)) ?? []);
  const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
  if (keys.size >= 200) keys.clear();
  keys.set(secret, key);
  return key;
}

/**
 * Seals a subject with AES-256-GCM. The nonce is derived from secret and content (as in RFC 8452's idea), so the same
 * subject gets the same token for a whole period and clients keep their connection. Null when it would be too long.
 */
export async function sealStreamToken(secret: string, subject: StreamSubject, now: number): Promise<string | null> {
  const expires = (Math.floor(now / STREAM_TOKEN_PERIOD_MS) + 2) * STREAM_TOKEN_PERIOD_MS;
  const text = JSON.stringify({ ...subject, expires } satisfies Sealed);
  if (text.length > MAX_SEALED_CHARS) return null;
  const digest = sha256(`${secret}\n${text}`);
  const nonce = encoder.encode(digest.slice(0, 12));
  const sealed = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv: nonce },
    await sealingKey(secret),
    encoder.encode(text),
  );
  return toBase64Url(new Uint8Array([...nonce, ...new Uint8Array(sealed)]));
}

/** The subject of a token; null when it was altered, made with another secret, or has expired. */
export async function openStreamToken(secret: string, token: string, now: number): Promise<StreamSubject | null> {
  try {
    const bytes = fromBase64Url(token);
    const key = await sealingKey(secret);
    const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes.slice(0, 12) }, key, bytes.slice(12));
    const { expires, ...subject } = JSON.parse(decoder.decode(opened)) as Sealed;
    return now < expires ? subject : null;
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
