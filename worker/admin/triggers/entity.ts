import { z } from "zod";
import { role } from "../../../shared/schema/admin.ts";
import { key } from "../../../shared/schema/primitives.ts";
import { defineEntity } from "../kernel/define-entity.ts";
import { changingFlag, flagsNamed } from "../kernel/flag-rights.ts";

export const triggerEntity = {
  /** A secret URL that kills a flag. */
  trigger: defineEntity({
    schema: z.strictObject({
      flag: key,
      name: z.string(),
      variant: key.optional(),
      /** SHA-256 of the token. */
      hash: z.string().length(64),
      hint: z.string(),
      createdBy: z.string(),
      /** Its maker's. Missing: it was stored before it was kept. */
      createdByRole: role.optional(),
    }),
    scope: "environment",
    whenDeleted: "removed",
    limit: "triggersPerEnvironment",
    rights: ({ environment, before, after }, facts) =>
      flagsNamed(before, after).flatMap((flag) => changingFlag(facts, flag, `a trigger in ${environment}`, "triggers")),
  }),
};
