import type { OperatorSchema } from "../family.ts";

/** The place of the family in lists of operators. */
export const rank = 9;

export const operators = {
  text_gt: { takes: "text" },
  text_gte: { takes: "text" },
  text_lt: { takes: "text" },
  text_lte: { takes: "text" },
} as const satisfies Record<string, OperatorSchema>;

export type Operator = keyof typeof operators;
