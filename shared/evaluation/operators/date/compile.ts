import { byFunction, strings } from "../by-function.ts";
import type { OperatorCompiler } from "../compiler.ts";
import { instantTest } from "./before-after.ts";
import type { Operator } from "./schema.ts";

const compares = (isBefore: boolean): OperatorCompiler => ({
  compile: ({ values }) => byFunction(instantTest(isBefore, strings(values))),
});

export const compile: Record<Operator, OperatorCompiler> = {
  before: compares(true),
  after: compares(false),
};
