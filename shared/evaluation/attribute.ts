import { parseReader } from "./attribute-readers.ts";
import type { AttributePath } from "./model/attribute-path.ts";

/*
 * A property read is several times faster where the engine has seen only one name, and it remembers that for each
 * place in the source. So each of the first attribute names met gets a place of its own; later ones share the last.
 */
const assigned = new Map<string, number>();
const OWN_PLACES = 16;
/** The place of `targetingKey`, which most splits bucket by. */
export const TARGETING_KEY = placeOf("targetingKey");
/** Several steps, or a name that objects inherit, to be read with care. */
const NO_PLACE = OWN_PLACES + 1;

function placeOf(name: string): number {
  const place = assigned.get(name) ?? assigned.size;
  if (place < OWN_PLACES) assigned.set(name, place);
  return Math.min(place, OWN_PLACES);
}

/**
 * The attribute's value in a plain context, where most paths need not ask what is the context's own, which costs
 * more than the read.
 */
export function readPlain(plain: object, path: AttributePath): unknown {
  const { name, place } = path;
  const context = plain as Record<string, unknown>;
  switch (place) {
    case 0:
      return context[name];
    case 1:
      return context[name];
    case 2:
      return context[name];
    case 3:
      return context[name];
    case 4:
      return context[name];
    case 5:
      return context[name];
    case 6:
      return context[name];
    case 7:
      return context[name];
    case 8:
      return context[name];
    case 9:
      return context[name];
    case 10:
      return context[name];
    case 11:
      return context[name];
    case 12:
      return context[name];
    case 13:
      return context[name];
    case 14:
      return context[name];
    case 15:
      return context[name];
    case 16:
      return context[name];
    default:
      return readAttribute(context, path);
  }
}

/**
 * Parses `plan`, `address.city` (nested, split at dots) or a JSON Pointer (RFC 6901) such as `/odd.name/0`;
 * `//` begins a path of `attribute-readers.ts`.
 */
export function parsePath(text: string): AttributePath {
  if (text.startsWith("//")) return { name: text, place: NO_PLACE, steps: null, reader: parseReader(text) };
  const steps = text.startsWith("/")
    ? text
        .slice(1)
        .split("/")
        .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))
    : text.split(".");
  const name = steps[0] ?? "";
  return {
    name,
    place: steps.length === 1 && !(name in Object.prototype) ? placeOf(name) : NO_PLACE,
    steps: steps.length > 1 ? steps.slice(1) : null,
    reader: null,
  };
}

/**
 * The attribute's value, undefined when absent. Own properties only: a context is untrusted, and `constructor` or
 * `__proto__` must be an attribute like any other, which nobody sent.
 */
export function readAttribute(context: object, path: AttributePath): unknown {
  if (path.reader !== null) return path.reader(context);
  if (!Object.hasOwn(context, path.name)) return undefined;
  const value = (context as Record<string, unknown>)[path.name];
  return path.steps === null ? value : descend(value, path.steps);
}

/**
 * Whether it is an object whose prototype is Object.prototype. False also for contexts with a `__proto__` of their
 * own, which are then read with more care than they need. Never throws.
 */
export function isPlain(context: unknown): context is object {
  try {
    // biome-ignore lint/suspicious/noProto: measured at a tenth of Object.getPrototypeOf, and right if it is missing
    return (context as { readonly __proto__?: unknown }).__proto__ === Object.prototype;
  } catch {
    // Null, undefined, or a proxy that throws when looked at.
    return false;
  }
}

function descend(start: unknown, steps: readonly string[]): unknown {
  let value = start;
  for (const step of steps) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

/**
 * Whether a number is surely the one that was sent: beyond 2^53 - 1, JSON.parse rounds, and one person's id becomes
 * another's.
 */
export const isExact = (value: number): boolean => Math.abs(value) <= Number.MAX_SAFE_INTEGER;

/**
 * An attribute as the text that segment lists hold and buckets hash: a string as it is, an exact number in
 * ECMAScript's (JSON's) notation. Anything else is null, and so is the empty string: applications send it for
 * everybody they do not know, and one bucket for all of those could put them into a 1 % canary together.
 */
export function identityText(value: unknown): string | null {
  if (typeof value === "string") return value.length === 0 ? null : value;
  return typeof value === "number" && isExact(value) ? String(value) : null;
}
