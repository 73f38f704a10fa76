import { planTemplate } from "../../../shared/schema/plan.ts";
import { key } from "../../../shared/schema/primitives.ts";
import { defineCommands } from "../kernel/define-commands.ts";

export const planTemplateCommands = defineCommands({
  putPlanTemplate: { fields: { template: key, definition: planTemplate } },
  deletePlanTemplate: { fields: { template: key } },
});
