import { createHmac } from "node:crypto";
import { toBase64Url } from "../crypto/base64.ts";

const part = (value: unknown): string => toBase64Url(new TextEncoder().encode(JSON.stringify(value)));

/** A compact JWS as any JOSE library makes it, or with whatever header a test likes. */
export function jws(payload: unknown, secret: string, header: object): string {
  const signed = `${part({ alg: "HS256", typ: "JWT", ...header })}.${part(payload)}`;
  return `${signed}.${toBase64Url(new Uint8Array(createHmac("sha256", secret).update(signed).digest()))}`;
}

export const secondsFromNow = (seconds: number): number => Math.floor(Date.now() / 1_000) + seconds;
