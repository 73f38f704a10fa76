import { AFTER, BEFORE, SAME } from "../../model/version.ts";
import { strings } from "../by-function.ts";
import type { OperatorCompiler } from "../compiler.ts";
import type { Operator } from "./schema.ts";
import { versionTest } from "./version-order.ts";

/** @param accepts which orders satisfy the operator */
const compares = (accepts: number): OperatorCompiler => ({
  compile: ({ values = [] }, { exact }) => versionTest(accepts, strings(values), exact || values.length > 1),
  hasExactForm: true,
});

export const compile: Record<Operator, OperatorCompiler> = {
  semver_eq: compares(SAME),
  semver_gt: compares(AFTER),
  semver_gte: compares(SAME | AFTER),
  semver_lt: compares(BEFORE),
  semver_lte: compares(BEFORE | SAME),
};
