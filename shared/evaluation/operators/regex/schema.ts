import type { OperatorSchema } from "../family.ts";

/** The place of the family in lists of operators. */
export const rank = 3;

export const operators = {
  matches: { takes: "text", cased: true },
} as const satisfies Record<string, OperatorSchema>;

export type Operator = keyof typeof operators;
