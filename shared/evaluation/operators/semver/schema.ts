import type { OperatorSchema } from "../family.ts";

/** The place of the family in lists of operators. */
export const rank = 6;

export const operators = {
  semver_eq: { takes: "text" },
  semver_gt: { takes: "text" },
  semver_gte: { takes: "text" },
  semver_lt: { takes: "text" },
  semver_lte: { takes: "text" },
} as const satisfies Record<string, OperatorSchema>;

export type Operator = keyof typeof operators;
