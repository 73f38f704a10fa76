import { type KeyName, parseKeyName, parseSlug, type Slug } from "./name-text.ts";
import { key, slug } from "./primitives.ts";

export type { KeyName, Slug } from "./name-text.ts";
export { parseKeyName, parseSlug } from "./name-text.ts";

/*
 * Names that become part of a key: in KV, in the Cache API, of a Durable Object. Such a key must not hold a text from
 * outside that nobody has looked at, so everything that builds one takes these types, and only parsers make them.
 */

/** A project or an environment in a request's path or body. */
export const slugName = slug.brand<"Slug">();

/** A flag or a segment in a request's path or body. */
export const keyName = key.brand<"KeyName">();

/** A name read back from our own storage. Throws when it cannot be one: then the storage is damaged. */
export function storedSlug(text: string): Slug {
  const name = parseSlug(text);
  if (name === null) throw new Error(`"${text.slice(0, 50)}" is not the name of a project or an environment`);
  return name;
}

/** A flag's or a segment's key read back from our own storage; throws as `storedSlug` does. */
export function storedKeyName(text: string): KeyName {
  const name = parseKeyName(text);
  if (name === null) throw new Error(`"${text.slice(0, 50)}" is not the key of a flag or a segment`);
  return name;
}
