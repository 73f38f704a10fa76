import { eachValue, type Reference } from "../family.ts";
import { instantOf, parseInstant } from "./instant.ts";
import type { Operator } from "./schema.ts";

/** An attribute may also be a number of milliseconds; a value of the test may not. */
const compares = (holds: (at: number, bound: number) => boolean): Reference => ({
  holds: eachValue((element, value) => {
    const at = instantOf(element);
    const bound = typeof value === "string" ? parseInstant(value) : Number.NaN;
    return Number.isNaN(at) || Number.isNaN(bound) ? undefined : holds(at, bound);
  }),
});

export const reference: Record<Operator, Reference> = {
  before: compares((at, bound) => at < bound),
  after: compares((at, bound) => at > bound),
};
