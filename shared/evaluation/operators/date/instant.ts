/** A longer text is no instant; nine digits of a second take 35. It would be read anew for each condition. */
export const INSTANT_CHARS = 64;

const INSTANT = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/;

/**
 * Milliseconds since 1970 of an ISO 8601 instant with a zone, or of a bare date (midnight UTC); NaN otherwise. A
 * local time without zone would mean another instant on every machine.
 */
export function parseInstant(text: string): number {
  return text.length <= INSTANT_CHARS && INSTANT.test(text) ? Date.parse(text) : Number.NaN;
}
