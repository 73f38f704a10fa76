import { type ScalarTest, VALUE } from "../model/predicate.ts";
import { FALSE, TRUE, type Truth, UNKNOWN } from "../model/truth.ts";
import type { ValueTest } from "../model/value-test.ts";

export const truth = (holds: boolean): Truth => (holds ? TRUE : FALSE);
/** What a test without a value that it has a meaning for says. */
export const never: ValueTest = () => UNKNOWN;
export const byFunction = (operand: ValueTest, tries = 1): ScalarTest => {
  if (tries > 1) operand.tries = tries;
  return { op: VALUE, operand };
};

export const strings = (values: readonly unknown[] = []): string[] =>
  values.filter((value) => typeof value === "string");
