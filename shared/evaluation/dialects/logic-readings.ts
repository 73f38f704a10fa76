/*
 * Conversions that JsonLogic makes, as flagd's SDK has it, before it compares.
 */

/** The kind of value that is there: `array` and `null` too, `undefined` where nothing is. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

/** What a comparison with a number sees: nothing is 0, and neither lists nor objects are numbers. */
export function logicNumber(value: unknown): number | undefined {
  if (value === undefined || value === null) return 0;
  return typeof value === "object" ? undefined : Number(value);
}

/** Empty lists and objects are false too. */
export function logicTruthy(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return Boolean(value);
  return Array.isArray(value) ? value.length > 0 : Object.keys(value).length > 0;
}

const STRICT =
  /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

/** A version of one to three numbers; a `v` may stand before it. */
export function flagdVersion(value: unknown): string | undefined {
  const text = String(value).replace(/^[vV]/, "");
  const strict = text.trim().replace(/^v/, "");
  if (STRICT.test(strict)) return strict;
  const short = /^(\d+)(?:\.(\d+))?$/.exec(text);
  return short ? `${Number(short[1])}.${Number(short[2] ?? 0)}.0` : undefined;
}
