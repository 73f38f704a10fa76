import { z } from "zod";
import { breachEvidence, guardDefinition } from "../../../shared/schema/guard.ts";
import { key, slug } from "../../../shared/schema/primitives.ts";
import { defineCommands } from "../kernel/define-commands.ts";

const at = { environment: slug, flag: key };

export const guardCommands = defineCommands({
  putGuard: { fields: { ...at, guard: guardDefinition } },
  deleteGuard: { fields: at },
  /** Sent by guards: a breach that is told and not acted upon, so that audit and webhooks know. */
  reportBreach: { fields: { ...at, evidence: breachEvidence, waiting: z.boolean() }, sender: "automation" },
});
