import type { OperatorSchema } from "../family.ts";
import { versionFault } from "./version-fault.ts";

/** The place of the family in lists of operators. */
export const rank = 6;

export const operators = {
  semver_eq: { takes: "text", fault: versionFault },
  semver_gt: { takes: "text", fault: versionFault },
  semver_gte: { takes: "text", fault: versionFault },
  semver_lt: { takes: "text", fault: versionFault },
  semver_lte: { takes: "text", fault: versionFault },
} as const satisfies Record<string, OperatorSchema>;

export type Operator = keyof typeof operators;
