import type { OperatorCompiler } from "../compiler.ts";
import { equality } from "./equality.ts";
import type { Operator } from "./schema.ts";

const equals: OperatorCompiler = {
  compile: ({ values = [], ignoreCase }) => equality(values, ignoreCase === true),
};
export const compile: Record<Operator, OperatorCompiler> = { equals, in: equals };
