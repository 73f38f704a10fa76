import { z } from "zod";
import { testFields } from "../../../shared/schema/demand-test.ts";
import { defineEntity } from "../kernel/define-entity.ts";
import { changingFlag } from "../kernel/flag-rights.ts";

export const testEntity = {
  /** What a flag of a test's purpose is tested with, by the flag's key. */
  test: defineEntity({
    schema: z.strictObject(testFields),
    scope: "environment",
    whenDeleted: "removed",
    rights: ({ environment, key }, facts) => changingFlag(facts, key, `the test in ${environment}`, "tests"),
  }),
};
