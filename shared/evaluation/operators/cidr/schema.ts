import type { OperatorSchema } from "../family.ts";

/** The place of the family in lists of operators. */
export const rank = 7;

export const operators = {
  in_cidr: { takes: "text" },
} as const satisfies Record<string, OperatorSchema>;

export type Operator = keyof typeof operators;
