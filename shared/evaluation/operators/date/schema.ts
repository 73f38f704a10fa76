import type { OperatorSchema } from "../family.ts";

/** The place of the family in lists of operators. */
export const rank = 5;

export const operators = {
  before: { takes: "instant" },
  after: { takes: "instant" },
} as const satisfies Record<string, OperatorSchema>;

export type Operator = keyof typeof operators;
