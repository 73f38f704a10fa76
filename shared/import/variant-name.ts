import type { Json } from "../schema/primitives.ts";

/** What a value's variant is called where the vendor has no name for it. */
export function variantName(value: Json): string {
  if (typeof value === "string") return value === "" ? "empty" : value;
  return typeof value === "object" ? "value" : String(value).replace(/^-/, "minus-");
}
