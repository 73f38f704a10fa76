import { GT, GTE, LT, LTE } from "../../model/predicate.ts";
import type { OperatorCompiler } from "../compiler.ts";
import { type NumberTest, numberTest } from "./order.ts";
import type { Operator } from "./schema.ts";

const compares = (op: NumberTest["op"]): OperatorCompiler => ({ compile: ({ values }) => numberTest(op, values) });

export const compile: Record<Operator, OperatorCompiler> = {
  gt: compares(GT),
  gte: compares(GTE),
  lt: compares(LT),
  lte: compares(LTE),
};
