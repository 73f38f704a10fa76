import { ago, fromNow } from "./time-words.ts";

interface Lifetime {
  createdAt: string;
  createdBy: string;
  expiresAt?: string | undefined;
  lastUsedAt?: string | null | undefined;
  replacedBy?: string | undefined;
}

/** Within this time (ms) an end is pointed out, as the first warning is. */
const SOON_MS = 7 * 86_400_000;

export const endsSoon = ({ expiresAt }: Lifetime, now = Date.now()): boolean =>
  expiresAt !== undefined && Date.parse(expiresAt) - now <= SOON_MS;

/** Who made a secret and when, and when it was last used. */
export const useWords = ({ createdBy, createdAt, lastUsedAt }: Lifetime): string =>
  `${createdBy}, ${ago(createdAt)} · ${lastUsedAt ? `last used ${ago(lastUsedAt)}` : "not used yet"}`;

/** When a secret ends; null: it does not by itself. */
export function endWords({ expiresAt, replacedBy }: Lifetime): string | null {
  if (expiresAt === undefined) return null;
  return replacedBy === undefined ? `Expires ${fromNow(expiresAt)}` : `Replaced, expires ${fromNow(expiresAt)}`;
}
