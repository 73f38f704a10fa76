/** Days before its end at which the owner of a secret is warned, once each. */
export const WARN_DAYS = [7, 1] as const;
export type WarnDays = (typeof WARN_DAYS)[number];

const DAY_MS = 86_400_000;

/** A secret with an end, and the last warning that was given of it. */
export interface Lifetime {
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  readonly warned?: WarnDays | undefined;
}

/** What a lifetime calls for at `now`: a warning, its end, or nothing yet. Of several late warnings only the last counts. */
export function dueOf({ expiresAt, warned }: Lifetime, now: number): "end" | WarnDays | null {
  if (expiresAt <= now) return "end";
  const within = warningWithin(expiresAt, now);
  return within !== undefined && (warned === undefined || within < warned) ? within : null;
}

/** When a lifetime next calls for something (epoch ms). */
export function nextDueAt({ expiresAt, warned }: Lifetime): number {
  const next = WARN_DAYS.find((days) => warned === undefined || days < warned);
  return expiresAt - (next ?? 0) * DAY_MS;
}

/** The warning that an end lies within already. It is not given: the person who sets so near an end knows of it. */
export const warningWithin = (expiresAt: number, now: number): WarnDays | undefined =>
  [...WARN_DAYS].reverse().find((days) => expiresAt - days * DAY_MS <= now);

/** The end of a secret that takes another's place: what was said, else the lifetime that the other had, anew. */
export function endOfSuccessor(
  wanted: number | null | undefined,
  before: { createdAt: number; expiresAt: number | undefined },
  now: number,
): number | undefined {
  if (wanted !== undefined) return wanted ?? undefined;
  return before.expiresAt === undefined ? undefined : now + (before.expiresAt - before.createdAt);
}

/** The end of a secret that was replaced: never later than it was. */
export const endOfReplaced = (expiresAt: number | undefined, graceSeconds: number, now: number): number =>
  Math.min(expiresAt ?? Number.POSITIVE_INFINITY, now + graceSeconds * 1_000);
