import { EXISTS } from "../../model/predicate.ts";
import type { OperatorCompiler } from "../compiler.ts";
import type { Operator } from "./schema.ts";

export const compile: Record<Operator, OperatorCompiler> = {
  exists: { compile: () => ({ op: EXISTS, operand: null }) },
};
