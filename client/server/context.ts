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
  return isJsonObject(context, 1) ? context : (JSON.parse(JSON.stringify(context)) as object);
}

/** Short, and without a call for what nearly all attributes are: it is a part of every evaluation. */
function isJsonObject(value: object, depth: number): boolean {
  // biome-ignore lint/suspicious/noProto: measured at a tenth of Object.getPrototypeOf, and right if it is missing
  const prototype = (value as { readonly __proto__?: unknown }).__proto__;
  if (prototype !== Object.prototype && prototype !== undefined)
    return Array.isArray(value) && isJsonArray(value, depth);
  for (const name in value) {
    const field = (value as Record<string, unknown>)[name];
    // JSON leaves out what is undefined, and to rules it is an attribute that is missing.
    if (typeof field === "string" || typeof field === "boolean" || field === undefined) continue;
    if (!isJsonField(field, depth)) return false;
  }
  return true;
}

function isJsonArray(value: readonly unknown[], depth: number): boolean {
  for (const one of value) if (typeof one !== "string" && !isJsonField(one, depth)) return false;
  return true;
}

/** A function, such as `toJSON`, and a bigint are none. */
function isJsonField(field: unknown, depth: number): boolean {
  if (typeof field === "number") return Number.isFinite(field);
  if (typeof field === "boolean" || typeof field === "string" || field === null) return true;
  if (typeof field !== "object") return false;
  if (depth >= MAX_DEPTH) throw new RangeError(`it nests deeper than ${MAX_DEPTH} levels, or in a circle`);
  return isJsonObject(field, depth + 1);
}
