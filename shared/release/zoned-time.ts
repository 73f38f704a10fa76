/*
 * Wall-clock times of named time zones. Where clocks are set forward, a time does not exist (gap); where they are set
 * back, it comes twice (overlap). Both are resolved as calendars do it (RFC 5545, and "compatible" in Temporal): a
 * time in a gap is moved forward by the gap's length, of two equal times the earlier is meant.
 */

export interface ZonedInstant {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly resolution: "exact" | "gap" | "overlap";
}

const LOCAL = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d))?$/;
/** Names of the IANA database, such as Europe/Berlin; offsets like +01:00 are no named zones. */
const ZONE = /^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/;
const DAY_MS = 86_400_000;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat | null {
  const known = formats.get(timeZone);
  if (known) return known;
  if (!ZONE.test(timeZone)) return null;
  try {
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      calendar: "iso8601",
      numberingSystem: "latn",
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    if (formats.size >= 50) formats.clear();
    formats.set(timeZone, format);
    return format;
  } catch {
    return null;
  }
}

/** Whether this runtime knows a time zone of this name. */
export const isTimeZone = (timeZone: string): boolean => formatOf(timeZone) !== null;

/** How far the zone's clocks are ahead of UTC at an instant (ms). */
function offsetAt(format: Intl.DateTimeFormat, at: number): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(at)) parts[type] = Number(value);
  const { year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1_000) * 1_000;
}

/**
 * The instant that a zone's clocks show as `local`, such as 2027-01-05T09:00.
 *
 * @returns what is wrong, in a word, when there can be none
 */
export function zonedInstant(local: string, timeZone: string): ZonedInstant | "local" | "timeZone" {
  const format = formatOf(timeZone);
  if (!format) return "timeZone";
  const wall = parseLocal(local);
  if (Number.isNaN(wall)) return "local";
  // No zone is a day away from UTC, so these are the offsets before and after any change of clocks nearby.
  const before = offsetAt(format, wall - DAY_MS);
  const after = offsetAt(format, wall + DAY_MS);
  const fits = [wall - before, wall - after].filter((at) => at + offsetAt(format, at) === wall);
  const [first, second] = fits.sort((a, b) => a - b);
  if (first === undefined) return { at: wall - before, resolution: "gap" };
  return { at: first, resolution: second === undefined || second === first ? "exact" : "overlap" };
}

/** What a zone's clocks show at an instant, such as 2027-01-05T09:00:00; null for no zone that we know. */
export function zonedLocal(at: number, timeZone: string): string | null {
  const format = formatOf(timeZone);
  return format && new Date(at + offsetAt(format, at)).toISOString().slice(0, 19);
}

/** The wall clock's reading as if it were UTC; NaN when no calendar has it. */
function parseLocal(local: string): number {
  const match = LOCAL.exec(local);
  if (!match) return Number.NaN;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map((part) => Number(part ?? 0));
  const at = Date.UTC(year, month - 1, day, hour, minute, second);
  const read = new Date(at).toISOString().slice(0, 19);
  return read === (local.length === 16 ? `${local}:00` : local) ? at : Number.NaN;
}
