/** A longer text is no instant; nine digits of a second take 35. It would be read anew for each condition. */
export const INSTANT_CHARS = 64;

const INSTANT = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/;

/** What a Date can hold (ms). */
const FURTHEST_MS = 8.64e15;

/** The instant that an attribute means: milliseconds since 1970, or a text as parseInstant reads it. NaN: none. */
export function instantOf(value: unknown): number {
  if (typeof value === "string") return parseInstant(value);
  return typeof value === "number" && Math.abs(value) <= FURTHEST_MS ? value : Number.NaN;
}

/**
 * Milliseconds since 1970 of an ISO 8601 instant with a zone, or of a bare date (midnight UTC); NaN otherwise. A
 * local time without zone would mean another instant on every machine,
 * and Date.parse takes a day that its month does not have for one of the next month.
 */
export function parseInstant(text: string): number {
  return text.length <= INSTANT_CHARS && INSTANT.test(text) && hasDay(text) ? Date.parse(text) : Number.NaN;
}

/** Whether the month has the day. Every month has 28, which spares most dates the look at a calendar. */
function hasDay(text: string): boolean {
  const day = Number(text.slice(8, 10));
  return (
    day <= 28 ||
    new Date(Date.UTC(2000 + (Number(text.slice(0, 4)) % 400), Number(text.slice(5, 7)), 0)).getUTCDate() >= day
  );
}
