import type { Cause } from "../schema/delivery.ts";
import type { FlagDebt } from "../schema/flag-debt.ts";

/** What a review knows of a flag that is not archived. Times are epoch ms, shares are 0 to 1. */
export interface LiveFlag {
  flag: string;
  owner: string;
  /** Share of users whom it reaches now; 0: off, killed, or nobody gets more than the off variant. */
  reach: number;
  /** What takes it back without a person. */
  stoppedBy: "plan" | "guard" | "trigger" | null;
  /** A release plan is ready for it, whether it runs or not. */
  hasPlan: boolean;
  /** What users get who are reached, and everybody else; null: the code's own default. */
  variant: string | null;
  offVariant: string | null;
  /** A part of the users gets another variant, so that a guard has something to compare. */
  isSplit: boolean;
}

/** A change of what users are served. */
export interface ServedChange {
  kind: "release" | "step" | "kill" | "rollback";
  revision: number;
  at: number;
  flag: string;
  /** The name of who made it. */
  by: string;
  /** Whether a person did, and no automation. */
  byPerson: boolean;
  /** Share of users before and after; both null where the change was too large to read. */
  from: number | null;
  to: number | null;
  /** A release plan made it. */
  byPlan: boolean;
  cause: Cause;
  onsetAt: number | null;
  confirmedAt: number | null;
}

/** A guard or a plan's stage that sees nothing, or not all. */
export interface BlindWatch {
  flag: string;
  since: number;
  exposed: number;
  /** What feeds no metric, in words such as `"checkout" (error, slow)`. */
  missing: string[];
}

export interface FollowUpFacts {
  id: string;
  incident: number;
  flag: string;
  title: string;
  owner: string;
  /** The end of the day by which it is to be done. */
  dueAt: number;
  isDone: boolean;
}

/** Everything that a review looks at: a project's own data, of one environment. */
export interface Facts {
  project: string;
  environment: string;
  now: number;
  flags: readonly LiveFlag[];
  /** Newest first. */
  changes: readonly ServedChange[];
  blind: readonly BlindWatch[];
  /** The drill that was made last; null: never. */
  drill: { at: number; passed: boolean; problem: string } | null;
  debt: readonly FlagDebt[];
  followUps: readonly FollowUpFacts[];
  hasBudget: boolean;
  freezes: number;
}

export const DAY_MS = 86_400_000;
/** A release is recent, and so its flag may still do harm that nobody has seen, for four weeks. */
export const RECENT_MS = 28 * DAY_MS;

/** The largest share of users that a single flag reaches: whom an accident can hit at all. */
export const widestReach = ({ flags }: Pick<Facts, "flags">): number =>
  flags.reduce((most, { reach }) => Math.max(most, reach), 0);

export const isRecent = ({ at }: { at: number }, now: number): boolean => at > now - RECENT_MS;

/** Releases of the last four weeks, the latest of each flag. */
export function latestReleases({ changes, now }: Pick<Facts, "changes" | "now">): ServedChange[] {
  const latest = new Map<string, ServedChange>();
  for (const change of changes) {
    if (change.kind !== "release" || !isRecent(change, now) || latest.has(change.flag)) continue;
    latest.set(change.flag, change);
  }
  return [...latest.values()];
}
