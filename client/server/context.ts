import { LIMITS } from "../../shared/limits.ts";

/** The edge counts the body's own braces as a level. */
const MAX_DEPTH = LIMITS.jsonDepth - 1;

/**
 * A context as JSON would carry it to the edge, so that a date or an object with `toJSON` means here what it means
 * there. One that is JSON already, as nearly all are, is the same object: nothing is copied.
 *
 * @throws when it cannot be JSON (a circle, a bigint), or nests deeper than the edge takes
 */
export function asJson(context: object): object {
  return isJson(context, 1) ? context : (JSON.parse(JSON.stringify(context)) as object);
}

function isJson(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value);
    case "object":
      return value === null || isJsonObject(value, depth);
    default:
      return false;
  }
}

function isJsonObject(value: object, depth: number): boolean {
  if (depth > MAX_DEPTH) throw new RangeError(`it nests deeper than ${MAX_DEPTH} levels, or in a circle`);
  if (Array.isArray(value)) {
    for (const one of value) if (!isJson(one, depth + 1)) return false;
    return true;
  }
  const prototype = Object.getPrototypeOf(value);
  if ((prototype !== Object.prototype && prototype !== null) || "toJSON" in value) return false;
  for (const name in value) {
    const field = (value as Record<string, unknown>)[name];
    // JSON leaves it out, and to rules an attribute that is undefined is one that is missing.
    if (field !== undefined && !isJson(field, depth + 1)) return false;
  }
  return true;
}
