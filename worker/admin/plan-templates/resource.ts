import { defineResource } from "../kernel/define-resource.ts";
import { planTemplateCommands } from "./commands.ts";
import { deletePlanTemplate, putPlanTemplate } from "./decide.ts";
import { planTemplateViewOf } from "./view.ts";

export const planTemplate = defineResource({
  commands: planTemplateCommands,
  decide: { putPlanTemplate, deletePlanTemplate },
  view: {
    putPlanTemplate: (view, command) => planTemplateViewOf(view, command.template),
    deletePlanTemplate: null,
  },
});
