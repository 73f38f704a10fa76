/*
 * Which attributes apps send, for the suggestions of the condition builder. Names are kept; values only where they
 * look like a group's (a plan, a country, true or false) rather than a person's: what may identify somebody, or is a
 * secret, is left out here, before it leaves the isolate. What gets past this with many different values is dropped by
 * the store.
 */

export interface AttributeSeen {
  readonly name: string;
  /** Undefined: only the name is known. */
  readonly value: string | boolean | undefined;
}

/** Nested objects are read so deep; attributes beyond this many are left out. */
const DEPTH = 3;
const MOST = 40;
const NAME_CHARS = 100;
const VALUE_CHARS = 24;
/** Names that stand for a person, their whereabouts or a secret, in camel case, snake case or alone. */
const PERSONAL =
  /(^|[._-]|[a-z])(targetingkey|id|uuid|key|name|e?-?mail|phone|mobile|ip|address|street|zip|postcode|birth\w*|token|secret|password|session|cookie|user|login|iban|card)s?$/i;
/** A mail address, four digits in a row, a long run of hexadecimals: an identifier, whatever it is called. */
const IDENTIFIER = /@|\d{4}|[0-9a-f]{8}/i;

/** The attributes of a context, each once. Not those that the edge adds, nor ours. */
export function sampleAttributes(context: Readonly<Record<string, unknown>>): AttributeSeen[] {
  const seen: AttributeSeen[] = [];
  collect(context, "", DEPTH, seen);
  return seen;
}

function collect(
  object: Readonly<Record<string, unknown>>,
  prefix: string,
  depth: number,
  seen: AttributeSeen[],
): void {
  for (const [key, value] of Object.entries(object)) {
    if (seen.length >= MOST) return;
    const name = prefix + key;
    if (name.length > NAME_CHARS || key === "" || key.includes(".") || key.startsWith("blastdoor")) continue;
    if (prefix === "" && key === "edge") continue;
    if (typeof value === "object" && value !== null) {
      if (Array.isArray(value)) for (const one of value.slice(0, 5)) seen.push({ name, value: groupValue(name, one) });
      else if (depth > 1) collect(value as Record<string, unknown>, `${name}.`, depth - 1, seen);
    } else seen.push({ name, value: groupValue(name, value) });
  }
}

function groupValue(name: string, value: unknown): string | boolean | undefined {
  if (typeof value === "boolean") return value;
  if (typeof value !== "string" || value === "" || value.length > VALUE_CHARS) return undefined;
  return PERSONAL.test(name) || IDENTIFIER.test(value) ? undefined : value;
}
