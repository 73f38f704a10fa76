import type { OperatorSchema } from "../family.ts";
import { inexactNumber } from "./inexact-number.ts";

/** The place of the family in lists of operators. */
export const rank = 1;

export const operators = {
  equals: { takes: "anything", cased: true, fault: inexactNumber },
  in: { takes: "anything", cased: true, fault: inexactNumber },
} as const satisfies Record<string, OperatorSchema>;

export type Operator = keyof typeof operators;
