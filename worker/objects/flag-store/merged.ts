type Intersection<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer I) => void ? I : never;

/** The tables of a list as one: each entry keeps its own type. */
export type Merged<T> = { readonly [K in keyof Intersection<T>]: Intersection<T>[K] };

/** One table of all entries. A name that two tables give is a mistake of who wrote them, which no type shows. */
export function merged<T extends object>(tables: readonly T[]): Merged<T> {
  const all: Record<string, unknown> = {};
  for (const table of tables)
    for (const [name, entry] of Object.entries(table)) {
      if (Object.hasOwn(all, name)) throw new Error(`"${name}" is defined twice`);
      all[name] = entry;
    }
  return all as Merged<T>;
}
