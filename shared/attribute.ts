/** An attribute's place in the context, parsed once. */
export interface AttributePath {
  /** The first, usually only, step. */
  readonly name: string;
  /** The steps after it; null when there are none. */
  readonly steps: readonly string[] | null;
}

/**
 * Parses `plan`, `address.city` (nested, split at dots) or a JSON Pointer (RFC 6901) such as `/odd.name/0`.
 */
export function parsePath(text: string): AttributePath {
  const steps = text.startsWith("/")
    ? text
        .slice(1)
        .split("/")
        .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))
    : text.split(".");
  return { name: steps[0] ?? "", steps: steps.length > 1 ? steps.slice(1) : null };
}

/**
 * The attribute's value, undefined when absent. Own properties only: a context is untrusted, and `constructor` or
 * `__proto__` must be an attribute like any other, which nobody sent.
 */
export function readAttribute(context: object, path: AttributePath): unknown {
  if (!Object.hasOwn(context, path.name)) return undefined;
  const value = (context as Record<string, unknown>)[path.name];
  return path.steps === null ? value : descend(value, path.steps);
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
 * An attribute as the text that segment lists hold and buckets hash: a string as it is, a finite number in
 * ECMAScript's (JSON's) notation. Anything else is null, and so is the empty string: applications send it for
 * everybody they do not know, and one bucket for all of those could put them into a 1 % canary together.
 */
export function identityText(value: unknown): string | null {
  if (typeof value === "string") return value === "" ? null : value;
  return typeof value === "number" && Number.isFinite(value) ? String(value) : null;
}
