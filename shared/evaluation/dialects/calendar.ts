/*
 * Months and years before an instant, in UTC. A day that a month does not have becomes its last one.
 */

type Before = (now: Date, count: number) => number;

const lastDayOf = (year: number, month: number): number => new Date(Date.UTC(year, month + 1, 0)).getUTCDate();

/** Month by month, so that the 31st of March is the 28th of February before it is any day before that. */
export const monthsBefore: Before = (now, count) => {
  const year = now.getUTCFullYear();
  const month = now.getUTCMonth();
  let day = now.getUTCDate();
  for (let step = 1; step <= count && day > 28; step++) day = Math.min(day, lastDayOf(year, month - step));
  return new Date(now).setUTCFullYear(year, month - count, day);
};

export const yearsBefore: Before = (now, count) => {
  const year = now.getUTCFullYear() - count;
  const isLeapDay = count > 0 && now.getUTCMonth() === 1 && now.getUTCDate() === 29;
  return new Date(now).setUTCFullYear(year, now.getUTCMonth(), isLeapDay ? 28 : now.getUTCDate());
};

/** Milliseconds since 1970 of a text or a number, by JavaScript's own reading of dates; NaN for what is none. */
export const dateOf = (value: unknown): number =>
  typeof value === "string" || typeof value === "number" ? new Date(value).getTime() : Number.NaN;

/** More than anybody asks for. */
const MOST = 16_384;

/** The least count whose instant is not after the value; undefined for what is no instant. */
export function unitsAgo(value: unknown, now: number, before: Before): number | undefined {
  const at = dateOf(value);
  if (Number.isNaN(at)) return undefined;
  const today = new Date(now);
  let low = 0;
  let high = MOST;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (before(today, middle) <= at) high = middle;
    else low = middle + 1;
  }
  return low;
}
