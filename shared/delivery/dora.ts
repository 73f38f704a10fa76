import type { Cause, Dora } from "../schema/delivery.ts";

/**
 * The four figures of DORA (deployment frequency, lead time for changes, change failure rate, time to restore), pure.
 * Definitions follow https://dora.dev/guides/dora-metrics-four-keys/; where DORA leaves room, the choice is said here.
 */

/** A deployment as CI told of it; times in epoch ms. */
export interface Deployment {
  status: "success" | "failure" | "rolled-back";
  at: number;
  committedAt: number | null;
}

/**
 * What happened to a flag in the environment. `release`: more people are served it than before. `kill`, `rollback`: it
 * was taken back, by a kill or by sending its plan back.
 */
export interface FlagEvent {
  kind: "release" | "kill" | "rollback";
  at: number;
  revision: number;
  flag: string;
  cause: Cause;
  /** When the trouble began (epoch ms); null: nobody knows. */
  onsetAt: number | null;
  /** When the value was confirmed off at the edge (epoch ms). */
  confirmedAt: number | null;
}

/** A release counts as failed when its flag is taken back within this time (ms), 7 days, and before its next release. */
export const ATTRIBUTION_MS = 7 * 86_400_000;
/** Trouble that began longer before the kill (ms) than a release's failure is counted for is not that release's. */
export const MAX_RESTORE_MS = ATTRIBUTION_MS;
/** An older commit (ms), 400 days, says when a repository began and not how long a change took. */
const MAX_LEAD_MS = 400 * 86_400_000;
const DAY_MS = 86_400_000;
const MAX_INCIDENTS = 100;

/** The middle value, or the mean of the two in the middle; null of nothing. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** Monday 0:00 UTC of the week of an instant (epoch ms). 1970-01-01 was a Thursday. */
export const weekOf = (at: number): number => {
  const day = Math.floor(at / DAY_MS);
  return (day - ((day + 3) % 7)) * DAY_MS;
};

const iso = (at: number): string => new Date(at).toISOString();
const isIncident = ({ kind }: FlagEvent): boolean => kind !== "release";

/**
 * @param window from inclusive to exclusive (epoch ms). Events before it are needed only to know whose failure an
 *   incident is; those after it, within `ATTRIBUTION_MS`, to know whether a release failed.
 */
export function dora(
  environment: string,
  deployments: readonly Deployment[],
  events: readonly FlagEvent[],
  window: { from: number; to: number },
): Dora {
  const { from, to } = window;
  const within = ({ at }: { at: number }) => at >= from && at < to;
  const ordered = events.map(withPossibleOnset).sort((a, b) => a.at - b.at || a.revision - b.revision);
  // A deployment that failed never reached anybody: neither a change nor a failed one.
  const reached = deployments.filter(({ status }) => status !== "failure").filter(within);
  const releases = ordered.filter(({ kind }) => kind === "release").filter(within);
  const incidents = ordered.filter(isIncident).filter(within);
  const failedReleases = new Set(releases.filter((release) => takenBack(release, ordered)));
  const changes = reached.length + releases.length;
  const failed = reached.filter(({ status }) => status === "rolled-back").length + failedReleases.size;
  const leadTimes = reached.flatMap(leadTimeOf);
  const restores = incidents.flatMap(restoreTimeOf);
  const days = (to - from) / DAY_MS;

  return {
    environment,
    from: iso(from),
    to: iso(to),
    days,
    deploymentFrequency: {
      perDay: days > 0 ? changes / days : 0,
      deployments: reached.length,
      releases: releases.length,
    },
    leadTime: { value: median(leadTimes), count: leadTimes.length },
    changeFailureRate: { value: changes === 0 ? null : failed / changes, count: changes, failed },
    timeToRestore: {
      value: median(restores),
      count: restores.length,
      withoutOnset: incidents.filter(({ onsetAt }) => onsetAt === null).length,
      unconfirmed: incidents.filter(({ onsetAt, confirmedAt }) => onsetAt !== null && confirmedAt === null).length,
    },
    weeks: weeksOf(from, to).map((week) => {
      const inWeek = ({ at }: { at: number }) => weekOf(at) === week;
      const rolledBack = reached.filter(inWeek).filter(({ status }) => status === "rolled-back").length;
      return {
        week: iso(week).slice(0, 10),
        deployments: reached.filter(inWeek).length,
        releases: releases.filter(inWeek).length,
        failed: rolledBack + [...failedReleases].filter(inWeek).length,
        leadTimeMs: median(reached.filter(inWeek).flatMap(leadTimeOf)),
        restoreMs: median(incidents.filter(inWeek).flatMap(restoreTimeOf)),
      };
    }),
    incidents: incidents
      .slice(-MAX_INCIDENTS)
      .reverse()
      .map((one) => ({
        revision: one.revision,
        flag: one.flag,
        environment,
        cause: one.cause,
        onsetAt: one.onsetAt === null ? null : iso(one.onsetAt),
        killedAt: iso(one.at),
        confirmedAt: one.confirmedAt === null ? null : iso(one.confirmedAt),
        restoreMs: restoreTimeOf(one)[0] ?? null,
      })),
  };
}

/** Whether a release's flag was taken back before it was released again, and soon enough to be this release's fault. */
function takenBack(release: FlagEvent, ordered: readonly FlagEvent[]): boolean {
  const next = ordered.find((event) => event.flag === release.flag && comesAfter(event, release));
  return next !== undefined && isIncident(next) && next.at - release.at <= ATTRIBUTION_MS;
}

const comesAfter = (event: FlagEvent, other: FlagEvent): boolean =>
  event.at > other.at || (event.at === other.at && event.revision > other.revision);

/** A commit that is younger than its deployment, or older than any change takes, says nothing. */
const leadTimeOf = ({ at, committedAt }: Deployment): number[] =>
  committedAt === null || committedAt > at || at - committedAt > MAX_LEAD_MS ? [] : [at - committedAt];

/** What was stored before an onset had to be possible: an impossible one is as good as none. Guards find theirs themselves. */
const withPossibleOnset = (event: FlagEvent): FlagEvent =>
  event.onsetAt === null || event.cause === "guard" || isPossibleOnset(event.onsetAt, event.at)
    ? event
    : { ...event, onsetAt: null };

/** @param at when the kill was made (epoch ms) */
const isPossibleOnset = (onsetAt: number, at: number): boolean => onsetAt <= at && at - onsetAt <= MAX_RESTORE_MS;

/** Without evidence of the onset there is no time to restore: the moment of the kill would only flatter it. */
const restoreTimeOf = ({ onsetAt, confirmedAt }: FlagEvent): number[] =>
  onsetAt === null || confirmedAt === null ? [] : [Math.max(0, confirmedAt - onsetAt)];

function weeksOf(from: number, to: number): number[] {
  const weeks: number[] = [];
  for (let week = weekOf(from); week < to; week += 7 * DAY_MS) weeks.push(week);
  return weeks;
}
