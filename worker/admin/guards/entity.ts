import { z } from "zod";
import { breachEvidence, guardEntity as guard } from "../../../shared/schema/guard.ts";
import { defineEntity } from "../kernel/define-entity.ts";
import { changingFlag } from "../kernel/flag-rights.ts";

export const guardEntities = {
  /** A guard that watches a flag without a plan, and its present observation. */
  guard: defineEntity({
    schema: guard,
    scope: "environment",
    whenDeleted: "removed",
    rights: ({ environment, key }, facts) => changingFlag(facts, key, `the guard in ${environment}`, "guards"),
  }),
  /** The last breach of a flag that its guard told of and did not act upon. */
  breach: defineEntity({
    schema: z.strictObject({
      evidence: breachEvidence,
      /** A person is asked to let the kill happen; false: an alert was all that was wanted. */
      waiting: z.boolean(),
    }),
    scope: "environment",
    whenDeleted: "removed",
    rights: ({ environment, key }, facts) => changingFlag(facts, key, `the breach in ${environment}`, "guards"),
  }),
};
