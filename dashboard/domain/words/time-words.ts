const STEPS: [limit: number, unit: Intl.RelativeTimeFormatUnit, seconds: number][] = [
  [60, "second", 1],
  [3_600, "minute", 60],
  [86_400, "hour", 3_600],
  [86_400 * 14, "day", 86_400],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const brief = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

/** "5 minutes ago", and the date for what is long past. */
export function ago(instant: string, now = Date.now()): string {
  return between(instant, now, relative);
}

/** The same for narrow columns: "5 min. ago". */
export const agoBriefly = (instant: string, now = Date.now()): string => between(instant, now, brief);

function between(instant: string, now: number, words: Intl.RelativeTimeFormat): string {
  const seconds = (Date.parse(instant) - now) / 1_000;
  if (Math.abs(seconds) < 5) return "just now";
  const step = STEPS.find(([limit]) => Math.abs(seconds) < limit);
  return step ? words.format(Math.round(seconds / step[2]), step[1]) : exact.format(Date.parse(instant));
}

/** "in 5 minutes"; what is due is "any moment". */
export function fromNow(instant: string, now = Date.now()): string {
  return Date.parse(instant) - now < 5_000 ? "any moment" : ago(instant, now);
}

/** The same by the clocks of a time zone. */
export const exactlyIn = (instant: string, timeZone: string): string =>
  new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone }).format(Date.parse(instant));

export const exactly = (instant: string): string => exact.format(Date.parse(instant));
