import type { OperatorSchema } from "../family.ts";
import { networkFault } from "./network-fault.ts";

/** The place of the family in lists of operators. */
export const rank = 7;

export const operators = {
  in_cidr: { takes: "text", fault: networkFault },
} as const satisfies Record<string, OperatorSchema>;

export type Operator = keyof typeof operators;
