import type { ConditionValue } from "../../../schema/condition.ts";
import type { Extent } from "../../model/elements.ts";
import { GT, GTE, LT, type LTE, type ScalarTest } from "../../model/predicate.ts";
import { FALSE, TRUE, type Truth, UNKNOWN } from "../../model/truth.ts";
import { byFunction, never } from "../by-function.ts";

export function numberTest(op: NumberTest["op"], values: readonly ConditionValue[] = []): ScalarTest {
  const numbers = values.filter((value) => typeof value === "number");
  if (numbers.length === 0) return byFunction(never);
  // Above any of them is above the least; below any, below the greatest.
  return { op, operand: (op === GT || op === GTE ? Math.min : Math.max)(...numbers) };
}

/** What a comparison says of a number; nothing of one that is none. */
export const ordered = (value: number, holds: boolean): Truth => (holds ? TRUE : Number.isNaN(value) ? UNKNOWN : FALSE);

export type NumberTest = Extract<ScalarTest, { op: typeof GT | typeof GTE | typeof LT | typeof LTE }>;

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
