import type { OperatorSchema } from "../family.ts";

/** The place of the family in lists of operators. */
export const rank = 2;

export const operators = {
  contains: { takes: "text", cased: true },
  starts_with: { takes: "text", cased: true, near: (value) => [`${value}x`] },
  ends_with: { takes: "text", cased: true, near: (value) => [`x${value}`] },
} as const satisfies Record<string, OperatorSchema>;

export type Operator = keyof typeof operators;
