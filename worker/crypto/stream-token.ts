import { sivOpen, sivSeal } from "./siv.ts";

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

/**
 * Seals a subject. The same subject gets the same token for a whole period, so that clients keep their connection.
 * Null when it would be too long.
 */
export function sealStreamToken(secret: string, { keyId, context, etag }: StreamSubject, now: number): string | null {
  const expires = (Math.floor(now / STREAM_TOKEN_PERIOD_MS) + 2) * STREAM_TOKEN_PERIOD_MS;
  const text = JSON.stringify({ keyId, context, etag, expires } satisfies Sealed);
  return text.length > MAX_SEALED_CHARS ? null : sivSeal(secret, text);
}

/** The subject of a token; null when it was altered, made with another secret, or has expired. */
export function openStreamToken(secret: string, token: string, now: number): StreamSubject | null {
  const text = sivOpen(secret, token);
  if (text === null) return null;
  const { expires, ...subject } = JSON.parse(text) as Sealed;
  return now < expires ? subject : null;
}
