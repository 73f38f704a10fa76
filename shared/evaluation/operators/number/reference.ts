import { eachValue, type Reference } from "../family.ts";
import type { Operator } from "./schema.ts";

const compares = (holds: (number: number, bound: number) => boolean): Reference => ({
  holds: eachValue((element, value) =>
    typeof element !== "number" || Number.isNaN(element) || typeof value !== "number"
      ? undefined
      : holds(element, value),
  ),
});

export const reference: Record<Operator, Reference> = {
  gt: compares((number, bound) => number > bound),
  gte: compares((number, bound) => number >= bound),
  lt: compares((number, bound) => number < bound),
  lte: compares((number, bound) => number <= bound),
};
