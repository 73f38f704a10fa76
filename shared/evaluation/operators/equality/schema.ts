import type { OperatorSchema } from "../family.ts";

/** The place of the family in lists of operators. */
export const rank = 1;

export const operators = {
  equals: { takes: "anything", cased: true },
  in: { takes: "anything", cased: true },
} as const satisfies Record<string, OperatorSchema>;

export type Operator = keyof typeof operators;
