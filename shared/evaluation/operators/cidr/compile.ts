import { byFunction, strings } from "../by-function.ts";
import type { OperatorCompiler } from "../compiler.ts";
import { cidrTest } from "./in-cidr.ts";
import type { Operator } from "./schema.ts";

export const compile: Record<Operator, OperatorCompiler> = {
  in_cidr: {
    compile: ({ values = [] }) => byFunction(cidrTest(strings(values)), values.length),
  },
};
