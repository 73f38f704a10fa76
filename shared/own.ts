/**
 * A record's own entry. For every look-up by a name that comes from outside: plain objects also answer to the names
 * that all objects have, such as "constructor" or "toString".
 */
export const ownOf = <V>(record: Readonly<Record<string, V>> | null | undefined, name: string): V | undefined =>
  record != null && Object.hasOwn(record, name) ? record[name] : undefined;

/** A record's own entry, made first where there is none. */
export function ownOrNew<V>(record: Record<string, V>, name: string, make: () => V): V {
  if (!Object.hasOwn(record, name)) record[name] = make();
  return record[name] as V;
}
