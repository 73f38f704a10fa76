import type { KeySigning } from "../../shared/schema/signed-context.ts";
import { openSiv } from "./former/siv.ts";
import { packed, unpacked } from "./packed.ts";
import { isSealed, openBytes, type Sealing, sealing } from "./seal.ts";

/** What a stream needs to know of the person it serves; sealed, so that neither they nor others can read or alter it. */
export interface StreamSubject {
  keyId: string;
  context: Record<string, unknown>;
  /** ETag of the result that the client holds. */
  etag: string;
  /** What the key asked to be signed when the token was made. */
  signing?: KeySigning;
  /** The signature that the context rests on: its signing key, and when (epoch ms) it ends and the stream with it. */
  signed?: { kid: string; until: number };
}

interface Sealed extends StreamSubject {
  /** Epoch ms. */
  expires: number;
}

/** Whose environment a token is for. */
export interface StreamPlace {
  readonly project: string;
  readonly environment: string;
  /** Undefined where a snapshot holds none: then there are no streams. */
  readonly sealKey: string | undefined;
}

/** Tokens change with this period (ms) and live for one to two of them: reconnects and sleeping laptops included. */
export const STREAM_TOKEN_PERIOD_MS = 6 * 3_600_000;
/** More gets no stream: the token travels in an address, and proxies refuse those of more than 8 KB. */
const MAX_SEALED_BYTES = 4_096;

/**
 * Takes a subject to be sealed. The same subject gets the same token for a whole period, so that clients keep their
 * connection. Null when it would be too long, or there is nothing to seal it with.
 */
export function sealStreamToken(place: StreamPlace, subject: StreamSubject, now: number): Sealing | null {
  if (place.sealKey === undefined) return null;
  const { keyId, context, etag, signing, signed } = subject;
  const expires = (Math.floor(now / STREAM_TOKEN_PERIOD_MS) + 2) * STREAM_TOKEN_PERIOD_MS;
  const text = JSON.stringify({ keyId, context, etag, signing, signed, expires } satisfies Partial<Sealed>);
  const bytes = packed(text, MAX_SEALED_BYTES);
  return bytes && sealing(place.sealKey, sealedFor(place), bytes);
}

/** The subject of a token; null when it was altered, is another environment's, or has expired. */
export function openStreamToken(place: StreamPlace, token: string, now: number): StreamSubject | null {
  if (place.sealKey === undefined) return null;
  const text = isSealed(token) ? opened(place.sealKey, place, token) : openSiv(place.sealKey, token);
  if (text === null) return null;
  const { expires, ...subject } = JSON.parse(text) as Sealed;
  return now < Math.min(expires, subject.signed?.until ?? Number.POSITIVE_INFINITY) ? subject : null;
}

function opened(sealKey: string, place: StreamPlace, token: string): string | null {
  const bytes = openBytes(sealKey, sealedFor(place), token);
  return bytes && unpacked(bytes);
}

const sealedFor = ({ project, environment }: StreamPlace) => ({ use: "stream-token", project, environment }) as const;
