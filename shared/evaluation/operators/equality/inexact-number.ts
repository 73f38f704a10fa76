import { isExact } from "../../attribute.ts";
import type { Value, ValueFault } from "../family.ts";

/** A number that JSON may have rounded is equal to nothing. Its digits are lost, so nothing can be offered for it. */
export const inexactNumber = (value: Value): ValueFault | null =>
  typeof value !== "number" || isExact(value)
    ? null
    : { reason: "is beyond 2^53 - 1, where JSON rounds numbers; write it as text and send the attribute as text" };
