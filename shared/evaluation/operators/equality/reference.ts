import { isExact } from "../../attribute.ts";
import type { Reference } from "../family.ts";
import type { Operator } from "./schema.ts";

/** A value of a type that the test asks for is equal to one of its values or is not; any other is unknown, and so is a rounded number. */
const isEqual: Reference["holds"] = ({ values = [], ignoreCase }, element) => {
  const folded = (one: unknown): unknown => (ignoreCase && typeof one === "string" ? one.toLowerCase() : one);
  if (!values.some((value) => typeof value === typeof element)) return "unknown";
  if (typeof element === "number" && !isExact(element)) return "unknown";
  return values.some((value) => folded(value) === folded(element)) ? "true" : "false";
};

export const reference: Record<Operator, Reference> = { equals: { holds: isEqual }, in: { holds: isEqual } };
