import type { ConditionValue } from "../../../schema/condition.ts";
import type { Extent } from "../../model/elements.ts";
import { GT, GTE, LT, LTE, type ScalarTest } from "../../model/predicate.ts";
import { FALSE, TRUE, type Truth, UNKNOWN } from "../../model/truth.ts";
import { byFunction, never } from "../by-function.ts";

export function numberTest(op: "gt" | "gte" | "lt" | "lte", values: readonly ConditionValue[]): ScalarTest {
  const numbers = values.filter((value) => typeof value === "number");
  if (numbers.length === 0) return byFunction(never);
  // Above any of them is above the least; below any, below the greatest.
  return op === "gt" || op === "gte"
    ? { op: op === "gt" ? GT : GTE, operand: Math.min(...numbers) }
    : { op: op === "lt" ? LT : LTE, operand: Math.max(...numbers) };
}

/** What a comparison says of a number; nothing of one that is none. */
export const ordered = (value: number, holds: boolean): Truth => (holds ? TRUE : Number.isNaN(value) ? UNKNOWN : FALSE);

type NumberTest = Extract<ScalarTest, { op: typeof GT | typeof GTE | typeof LT | typeof LTE }>;

/** The least or the greatest element tells. */
export function someNumber({ op, operand }: NumberTest, { least, greatest }: Extent<number>): boolean {
  switch (op) {
    case GT:
      return greatest > operand;
    case GTE:
      return greatest >= operand;
    case LT:
      return least < operand;
    default:
      return least <= operand;
  }
}
