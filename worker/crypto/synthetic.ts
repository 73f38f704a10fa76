import { createHmac } from "node:crypto";
import { derivedKey } from "./keyed-hash.ts";
import { sameSecret } from "./tokens.ts";

/**
 * Marks synthetic traffic: `t={epoch ms},v1={HMAC-SHA-256 of the time, in hex}`. Anyone who sees one may send it again for a
 * minute; only generator, product and edge do.
 */
export const SYNTHETIC_HEADER = "Blastdoor-Synthetic";
const VALID_MS = 60_000;
const PATTERN = /^t=(\d{13}),v1=([0-9a-f]{64})$/;

/** The secret that signs synthetic traffic of one environment. */
export const syntheticKey = (sealKey: string, environment: string): string =>
  derivedKey(sealKey, `synthetic/${environment}`);

export const signSynthetic = (key: string, now: number): string =>
  `t=${now},v1=${createHmac("sha256", key).update(String(now)).digest("hex")}`;

/** Whether a header was made with this environment's secret less than a minute ago. */
export function isSynthetic(header: string, sealKey: string, environment: string, now: number): boolean {
  const match = PATTERN.exec(header);
  if (!match) return false;
  const at = Number(match[1]);
  return Math.abs(now - at) < VALID_MS && sameSecret(header, signSynthetic(syntheticKey(sealKey, environment), at));
}
