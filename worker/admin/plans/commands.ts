import { z } from "zod";
import { LIMITS } from "../../../shared/limits.ts";
import { planDefinition } from "../../../shared/schema/plan.ts";
import { key, slug } from "../../../shared/schema/primitives.ts";
import { defineCommands } from "../kernel/define-commands.ts";

const at = { environment: slug, flag: key };
const stage = z
  .int()
  .min(0)
  .max(LIMITS.stagesPerPlan - 1);
/** What an automatic step means: repeated, or overtaken by a person, it does nothing. */
const meant = { run: z.string().max(100).optional(), from: stage.optional() };

export const planCommands = defineCommands({
  putPlan: { fields: { ...at, plan: planDefinition } },
  deletePlan: { fields: at },
  startPlan: { fields: { ...at, stage: stage.optional() } },
  pausePlan: { fields: at },
  resumePlan: { fields: { ...at, stage: stage.optional() } },
  advancePlan: { fields: { ...at, ...meant } },
  stepBackPlan: { fields: { ...at, ...meant }, sender: "automation" },
  rollbackPlan: { fields: at },
});
