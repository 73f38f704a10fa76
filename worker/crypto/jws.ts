import { createHmac, timingSafeEqual } from "node:crypto";
import { bytesOfBase64Url, textOfUtf8 } from "./base64.ts";

/** What a token says, once its signature is known to be right; or what is wrong with it, as the end of a sentence. */
export type OpenedJws =
  | { readonly kid: string; readonly payload: Record<string, unknown> }
  | { readonly refused: string };

/**
 * Opens a JSON Web Signature in compact form (RFC 7515), with HS256 and nothing else: a token cannot choose its own
 * algorithm. Nothing of the payload is looked at before its signature is found right.
 *
 * @param secretOf the secret of a key by the header's `kid`, signed with as UTF-8 bytes; null: there is no such key
 */
export function openJws(token: string, secretOf: (kid: string) => string | null): OpenedJws {
  const parts = token.split(".");
  const [head = "", body = "", signature = ""] = parts;
  if (parts.length !== 3) return { refused: "is no compact JWS: header, payload and signature, joined by dots" };
  const header = objectOf(head);
  if (header === null) return { refused: "has a header that is not base64url of a JSON object" };
  const { alg, kid, crit } = header;
  if (alg !== "HS256") return { refused: 'must be signed with HS256: its header says another "alg"' };
  if (crit !== undefined) return { refused: 'has a header with "crit", and no extension is understood here' };
  if (typeof kid !== "string") return { refused: 'names no signing key: its header needs "kid"' };
  const secret = secretOf(kid);
  if (secret === null) return { refused: 'names a signing key ("kid") that is unknown or revoked' };
  const expected = createHmac("sha256", secret).update(`${head}.${body}`).digest();
  const given = bytesOfBase64Url(signature);
  if (given === null || given.length !== expected.length || !timingSafeEqual(given, expected))
    return { refused: "has a wrong signature" };
  const payload = objectOf(body);
  return payload === null ? { refused: "has a payload that is not base64url of a JSON object" } : { kid, payload };
}

function objectOf(part: string): Record<string, unknown> | null {
  const bytes = bytesOfBase64Url(part);
  const text = bytes && textOfUtf8(bytes);
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
