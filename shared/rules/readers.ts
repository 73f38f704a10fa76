/** The form of rules that this version writes, and reads. */
export const RULES_READER = 1;

/** A form that a later one has taken the place of. */
export interface FormerReader {
  readonly reader: number;
  /** When its successor was released, as a day. */
  readonly succeeded: string;
}

/** Former forms that are, or were, served. None yet: the first form is the current one. */
export const FORMER_READERS: readonly FormerReader[] = [];

/** For so long after its successor a form is served. */
const SERVED_MONTHS = 12;

/** The last day on which a form is served. */
export function servedUntil({ succeeded }: FormerReader): string {
  const day = new Date(`${succeeded}T00:00:00Z`);
  day.setUTCMonth(day.getUTCMonth() + SERVED_MONTHS);
  return day.toISOString().slice(0, 10);
}

/** Whether a form that is asked for can be had. "unknown": no version wrote it yet. */
export type ReaderState = { is: "served" } | { is: "unknown" } | { is: "over"; since: string };

/**
 * @param now epoch ms
 * @param current the form that is written
 */
export function readerState(
  reader: number,
  now: number,
  former: readonly FormerReader[] = FORMER_READERS,
  current = RULES_READER,
): ReaderState {
  if (reader === current) return { is: "served" };
  const found = former.find((one) => one.reader === reader);
  if (found === undefined) return { is: "unknown" };
  const until = servedUntil(found);
  return new Date(now).toISOString().slice(0, 10) <= until ? { is: "served" } : { is: "over", since: until };
}
