import { keyedHash } from "./keyed-hash.ts";
import { randomSecret, sameSecret } from "./tokens.ts";

/**
 * Proof that the door was evaluated for this person just now, by a route that no cache answers. It binds flag, run,
 * person, variant and time. A person counts once in a run, so a nonce that is sent again counts once as well.
 */
export interface NonceSubject {
  readonly flag: string;
  readonly run: number;
  /** Keyed hash of the person. */
  readonly unit: string;
}

/** A page that stays open longer asks for a new one (ms). */
export const NONCE_LIFE_MS = 48 * 3_600_000;

/** `{time}.{random}.{proof}.{variant}`; a variant may hold dots, so it stands last. */
export function makeNonce(sealKey: string, subject: NonceSubject, variant: string, now: number): string {
  const random = randomSecret().slice(0, 16);
  return `${now}.${random}.${proof(sealKey, subject, variant, now, random)}.${variant}`;
}

/** When the nonce was made and for which variant; null when it is not this subject's, or too old. */
export function openNonce(
  sealKey: string,
  subject: NonceSubject,
  nonce: string,
  now: number,
): { madeAt: number; variant: string } | null {
  const [time = "", random = "", given = "", ...rest] = nonce.split(".");
  const madeAt = Number(time);
  const variant = rest.join(".");
  if (!/^\d{13}$/.test(time) || now - madeAt > NONCE_LIFE_MS) return null;
  return sameSecret(given, proof(sealKey, subject, variant, madeAt, random)) ? { madeAt, variant } : null;
}

const proof = (sealKey: string, { flag, run, unit }: NonceSubject, variant: string, at: number, random: string) =>
  keyedHash(sealKey, "door/nonce", JSON.stringify([flag, run, unit, variant, at, random])).slice(0, 32);
