import { median, weekOf } from "../delivery/dora.ts";
import { grouped } from "../grouped.ts";
import type { Habits, ResilienceWeek } from "../schema/resilience.ts";
import { DAY_MS, type ServedChange } from "./facts.ts";

/** Weeks of the trend, the running one among them. */
export const WEEKS = 12;
/** Half of all users at once. */
const ONE_STEP = 0.5;

/** When the first week of the trend begins (epoch ms). */
export const trendBegins = (now: number): number => weekOf(now) - (WEEKS - 1) * 7 * DAY_MS;

/** Share of users that a change added; null: not known. */
const stepOf = ({ from, to }: ServedChange): number | null =>
  from === null || to === null ? null : Math.max(0, to - from);

const known = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);
const isIncident = ({ kind }: ServedChange): boolean => kind === "kill" || kind === "rollback";
const isRelease = ({ kind }: ServedChange): boolean => kind === "release";

/** How releases were made, week by week, the oldest first. */
export function weeksOf(changes: readonly ServedChange[], now: number): ResilienceWeek[] {
  const byWeek = grouped(changes, ({ at }) => weekOf(at));
  return Array.from({ length: WEEKS }, (_, index) => {
    const week = trendBegins(now) + index * 7 * DAY_MS;
    const its = byWeek.get(week) ?? [];
    const releases = its.filter(isRelease);
    return {
      week: new Date(week).toISOString().slice(0, 10),
      releases: releases.length,
      byPlan: releases.filter(({ byPlan }) => byPlan).length,
      inOneStep: releases.filter((one) => (stepOf(one) ?? 0) >= ONE_STEP).length,
      takenBack: its.filter(isIncident).length,
      people: new Set(its.filter(({ byPerson }) => byPerson).map(({ by }) => by)).size,
      largestStep: Math.max(0, ...known(its.map(stepOf))),
    };
  });
}

/**
 * How a team releases, by its own data.
 *
 * @param changes newest first
 * @param leadTimes from the oldest commit to the end of each deployment (ms)
 */
export function habitsOf(changes: readonly ServedChange[], leadTimes: readonly number[]): Habits {
  const releases = changes.filter(isRelease);
  const sizes = known(releases.map(stepOf));
  const { waits, waiting } = killToRelease(changes);
  const planned = releases.filter(({ byPlan }) => byPlan).length;
  return {
    changeSize: { value: median(sizes), count: sizes.length },
    leadTime: { value: median(leadTimes), count: leadTimes.length },
    killToRelease: { value: median(waits), count: waits.length, waiting },
    byPlan: { value: releases.length === 0 ? null : planned / releases.length, count: releases.length },
  };
}

/** Times from a flag's being taken back to its next release (ms), and how many flags have had none since. */
function killToRelease(changes: readonly ServedChange[]): { waits: number[]; waiting: number } {
  const waits: number[] = [];
  const takenBackAt = new Map<string, number>();
  for (const change of [...changes].reverse()) {
    const since = takenBackAt.get(change.flag);
    if (isIncident(change) && since === undefined) takenBackAt.set(change.flag, change.at);
    if (isRelease(change) && since !== undefined) {
      waits.push(change.at - since);
      takenBackAt.delete(change.flag);
    }
  }
  return { waits, waiting: takenBackAt.size };
}
