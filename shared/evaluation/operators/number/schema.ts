import type { OperatorSchema } from "../family.ts";

/** The place of the family in lists of operators. */
export const rank = 4;

export const operators = {
  gt: { takes: "number" },
  gte: { takes: "number" },
  lt: { takes: "number" },
  lte: { takes: "number" },
} as const satisfies Record<string, OperatorSchema>;

export type Operator = keyof typeof operators;
