import { UNKNOWN } from "../../model/truth.ts";
import type { ValueTest } from "../../model/value-test.ts";
import { byFunction, never, strings, truth } from "../by-function.ts";
import type { OperatorCompiler } from "../compiler.ts";
import type { Operator } from "./schema.ts";

/** Texts in the order of their UTF-16 code units. Above any of the values is above the least of them. */
const compares = (isAbove: boolean, holds: (text: string, bound: string) => boolean): OperatorCompiler => ({
  compile: ({ values }) => {
    const sorted = strings(values).sort();
    const bound = isAbove ? sorted[0] : sorted.at(-1);
    return byFunction(bound === undefined ? never : orderTest(isAbove, bound, holds));
  },
});

function orderTest(isAbove: boolean, bound: string, holds: (text: string, bound: string) => boolean): ValueTest {
  const test: ValueTest = (value) => (typeof value === "string" ? truth(holds(value, bound)) : UNKNOWN);
  test.elements = ({ byBeginning }) => {
    const furthest = isAbove ? byBeginning.at(-1) : byBeginning[0];
    return furthest === undefined ? UNKNOWN : truth(holds(furthest, bound));
  };
  return test;
}

export const compile: Record<Operator, OperatorCompiler> = {
  text_gt: compares(true, (text, bound) => text > bound),
  text_gte: compares(true, (text, bound) => text >= bound),
  text_lt: compares(false, (text, bound) => text < bound),
  text_lte: compares(false, (text, bound) => text <= bound),
};
