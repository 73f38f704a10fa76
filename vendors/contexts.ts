/** Values worth trying, by attribute. */
export type Attributes = Readonly<Record<string, readonly unknown[]>>;

/** Attributes that most files ask for. */
const COMMON: Attributes = {
  email: ["a@example.com", "b@corp.example", ""],
  country: ["DE", "US", "FR"],
  plan: ["free", "pro"],
  age: [17, 18, 65, "18"],
  version: ["1.0.0", "2.1.0", "2.0.0-beta.1"],
};
/** Texts of a file that are tried as values: more would seldom meet. */
const TEXTS = 400;

/** Makes users, always the same ones: keys that differ, and attributes with values that the file itself names. */
export function contextMaker(document: unknown, attributes: Attributes): (user: number) => object {
  const { names, values } = wordsOf(document);
  const pools = new Map<string, readonly unknown[]>(Object.entries({ ...COMMON, ...attributes }));
  for (const name of names) pools.set(name, [...(pools.get(name) ?? []), ...values]);
  return (user) => {
    let state = mixed(user + 1);
    const below = (count: number): number => {
      state = mixed(state + 0x9e3779b9);
      return state % count;
    };
    const context: Record<string, unknown> = {};
    if (below(50) > 0)
      context.targetingKey =
        below(40) > 0 || values.length === 0 ? `user-${user}` : String(values[below(values.length)]);
    for (const [name, pool] of pools) if (pool.length > 0 && below(4) > 0) put(context, name, pool[below(pool.length)]);
    return context;
  };
}

function mixed(seed: number): number {
  let hash = seed | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function put(context: Record<string, unknown>, name: string, value: unknown): void {
  const [first = "", ...rest] = name.split(".");
  if (rest.length === 0) context[name] = value;
  else if (!(first in context)) context[first] = { [rest.join(".")]: value };
}

/** Fields whose text names an attribute. */
const NAMING = new Set([
  "contextName",
  "var",
  "property",
  "property_",
  "attribute",
  "key",
  "hashAttribute",
  "stickiness",
]);

/** What vendors call the targetingKey, and words that are no attribute. */
const IDENTITIES = new Set(["targetingKey", "userId", "id", "identifier", "distinct_id", "default", "random"]);

/** What a file says that may be an attribute, and what may be a value. */
function wordsOf(document: unknown): { names: ReadonlySet<string>; values: readonly unknown[] } {
  const names = new Set<string>();
  const values = new Set<unknown>();
  const visit = (value: unknown, field: string): void => {
    if (Array.isArray(value)) for (const one of value) visit(one, field);
    else if (typeof value === "object" && value !== null)
      for (const [name, inner] of Object.entries(value)) {
        if (field === "condition" || field === "conditions") names.add(name);
        visit(inner, name);
      }
    else if (typeof value === "string" && NAMING.has(field)) names.add(value);
    else if (value !== null && values.size < TEXTS && String(value).length <= 100) values.add(value);
  };
  visit(document, "");
  for (const name of names) if (name === "" || name.startsWith("$") || IDENTITIES.has(name)) names.delete(name);
  return { names, values: [...values] };
}
