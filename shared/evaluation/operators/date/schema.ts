import type { OperatorSchema } from "../family.ts";
import { instantFault } from "./instant-fault.ts";

/** The place of the family in lists of operators. */
export const rank = 5;

export const operators = {
  before: { takes: "instant", fault: instantFault },
  after: { takes: "instant", fault: instantFault },
} as const satisfies Record<string, OperatorSchema>;

export type Operator = keyof typeof operators;
