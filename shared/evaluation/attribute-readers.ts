/*
 * Attributes that do not stand at one place of every context, as other vendors' SDKs read them. Their paths begin with
 * two slashes, a name and the rest of a JSON Pointer:
 *
 *   //first/id/targetingKey      the first of these attributes that is there; a name with dots may be nested too
 *   //kind/user/address/city     an attribute of one kind of a context, see below
 *   //kinds                      the kinds that a context has
 *
 * A context has one kind, which its attribute `kind` names and which is `user` without it; or, where that is `multi`, an
 * attribute of each kind's name that holds the attributes of that kind.
 */

/** Own properties only, since a context is untrusted. */
export type AttributeReader = (context: object) => unknown;

/** The reader of a path that begins with two slashes. One with an unknown name finds nothing. */
export function parseReader(path: string): AttributeReader {
  const [name, ...steps] = path
    .slice(2)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (name === "first") return (context) => firstOf(context, steps);
  if (name === "kinds") return kindsOf;
  if (name !== "kind" || steps.length < 2) return () => undefined;
  const [kind = "", ...rest] = steps;
  return (context) => {
    const one = ofKind(context, kind);
    return one === null ? undefined : attributeOf(one, rest);
  };
}

/** The path of such a reader. */
export const readerPath = (name: "first" | "kind" | "kinds", ...steps: readonly string[]): string =>
  `//${[name, ...steps.map((step) => step.replaceAll("~", "~0").replaceAll("/", "~1"))].join("/")}`;

function firstOf(context: object, names: readonly string[]): unknown {
  for (const name of names) {
    const value = Object.hasOwn(context, name) ? own(context, name) : nested(context, name.split("."));
    if (value !== undefined) return value;
  }
  return undefined;
}

function nested(context: object, steps: readonly string[]): unknown {
  if (steps.length < 2) return undefined;
  let value: unknown = context;
  for (const step of steps) {
    if (!isAttributes(value)) return undefined;
    value = own(value, step);
  }
  return value;
}

function kindsOf(context: object): string[] {
  const kind = own(context, "kind");
  if (kind !== "multi") return [typeof kind === "string" ? kind : "user"];
  return Object.keys(context).filter((name) => name !== "kind" && isAttributes(own(context, name)));
}

function ofKind(context: object, kind: string): object | null {
  const stated = own(context, "kind");
  if (stated !== "multi") return (typeof stated === "string" ? stated : "user") === kind ? context : null;
  const one = kind === "kind" ? undefined : own(context, kind);
  return isAttributes(one) ? one : null;
}

/** The targeting key is the attribute `key`; `name` is a text and `anonymous` true or false, whatever was sent. */
function attributeOf(attributes: object, steps: readonly string[]): unknown {
  const [name = "", ...rest] = steps;
  let value = own(attributes, name);
  if (name === "key") value = own(attributes, "targetingKey") ?? value;
  else if (name === "anonymous") value = value === true;
  else if (name === "name" && typeof value !== "string") value = undefined;
  else if (name === "targetingKey" || name === "privateAttributes") value = undefined;
  for (const step of rest) {
    if (!isAttributes(value)) return undefined;
    value = own(value, step);
  }
  return value;
}

const isAttributes = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const own = (object: object, name: string): unknown =>
  Object.hasOwn(object, name) ? (object as Record<string, unknown>)[name] : undefined;
