import { createHmac } from "node:crypto";

/**
 * HMAC-SHA-256 in hex, under a key derived from the project's seal key for one use alone: what is hashed for one
 * purpose means nothing for another, and without the project's secret nobody can make or undo any of it.
 */
export const keyedHash = (sealKey: string, use: string, text: string): string =>
  createHmac("sha256", derivedKey(sealKey, use)).update(text).digest("hex");

export const derivedKey = (sealKey: string, use: string): string =>
  createHmac("sha256", sealKey).update(use).digest("hex");
