import type { OperatorSchema } from "../family.ts";

/** The place of the family in lists of operators. */
export const rank = 8;

export const operators = {
  exists: { takes: "nothing" },
} as const satisfies Record<string, OperatorSchema>;

export type Operator = keyof typeof operators;
