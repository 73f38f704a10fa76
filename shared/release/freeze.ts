import { type Freeze, WEEKDAYS } from "../schema/freeze.ts";
import { zonedInstant, zonedLocal } from "./zoned-time.ts";

const DAY_MS = 86_400_000;
/** Windows that follow each other without a gap are one; nobody strings together more than this. */
const JOINED = 50;

export interface Frozen {
  /** Epoch milliseconds. */
  until: number;
  name: string;
}

/** The freeze in force at `now`, up to the first instant that lies in no window; null when none is. */
export function frozen(windows: readonly Freeze[], now: number): Frozen | null {
  const first = latest(windows.flatMap((window) => endingAfter(window, now)));
  if (!first) return null;
  let { until } = first;
  for (let joined = 0; joined < JOINED; joined++) {
    const next = latest(windows.flatMap((window) => endingAfter(window, until)));
    if (!next) break;
    until = next.until;
  }
  return { until, name: first.name };
}

const latest = (ends: Frozen[]): Frozen | null =>
  ends.reduce<Frozen | null>((last, end) => (last && last.until >= end.until ? last : end), null);

/** The window's end, when `at` lies in it. */
function endingAfter(window: Freeze, at: number): Frozen[] {
  if (!window.weekly) {
    const [from, until] = [Date.parse(window.from ?? ""), Date.parse(window.until ?? "")];
    return from <= at && at < until ? [{ until, name: window.name }] : [];
  }
  const { days, from, until, timeZone } = window.weekly;
  const nextDay = until <= from;
  const ends: Frozen[] = [];
  // It may have begun today or, over midnight, yesterday.
  for (const daysAgo of [0, 1]) {
    const local = zonedLocal(at, timeZone);
    if (local === null) return [];
    const day = Date.parse(`${local.slice(0, 10)}T00:00:00Z`) - daysAgo * DAY_MS;
    // Weeks begin on Monday; 1970 began on a Thursday.
    const weekday = WEEKDAYS[(Math.floor(day / DAY_MS) + 3) % 7];
    if (!weekday || !days.includes(weekday)) continue;
    const begins = zonedInstant(`${date(day)}T${from}`, timeZone);
    const stops = zonedInstant(`${date(nextDay ? day + DAY_MS : day)}T${until}`, timeZone);
    if (typeof begins === "string" || typeof stops === "string") continue;
    if (begins.at <= at && at < stops.at) ends.push({ until: stops.at, name: window.name });
  }
  return ends;
}

const date = (day: number): string => new Date(day).toISOString().slice(0, 10);
