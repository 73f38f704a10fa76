import type { FlagDefinition } from "../schema/flag.ts";
import type { Json } from "../schema/primitives.ts";
import { isKey } from "./told.ts";

/** Names values as variants: a value has one variant, and a name that ours cannot be is made one. */
export class Variants {
  readonly values: Record<string, Json> = {};
  readonly #byValue = new Map<string, string>();

  /** The variant of a value. @param wanted what the vendor calls it */
  of(value: Json, wanted: string): string {
    const text = `${wanted}\n${JSON.stringify(value)}`;
    const known = this.#byValue.get(text);
    if (known !== undefined) return known;
    const name = this.#free(keyLike(wanted));
    this.values[name] = value;
    this.#byValue.set(text, name);
    return name;
  }

  #free(wanted: string): string {
    for (let count = 1; ; count++) {
      const name = count === 1 ? wanted : `${wanted.slice(0, 95)}-${count}`;
      if (!Object.hasOwn(this.values, name)) return name;
    }
  }

  /** The type that all values have; null where they differ or one is null, and no flag can hold them. */
  get type(): FlagDefinition["type"] | null {
    return typeOfValues(Object.values(this.values));
  }
}

/** The type that all values have; null where they differ, or where there are none. */
export function typeOfValues(values: readonly Json[]): FlagDefinition["type"] | null {
  const types = new Set(values.map(typeOf));
  const [only] = types;
  return types.size === 1 && only !== undefined ? only : null;
}

function typeOf(value: Json): FlagDefinition["type"] | null {
  const type = typeof value;
  if (type === "boolean" || type === "string" || type === "number") return type;
  return value === null ? null : "json";
}

/** A name as near as a key can be. */
export function keyLike(text: string): string {
  if (isKey(text)) return text;
  const cut = text
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 90);
  return isKey(cut) ? cut : "variant";
}
