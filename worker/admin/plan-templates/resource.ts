import { defineResource, shown } from "../kernel/define-resource.ts";
import { planTemplateCommands } from "./commands.ts";
import { deletePlanTemplate, putPlanTemplate } from "./decide.ts";
import { planTemplateView } from "./view.ts";

export const planTemplate = defineResource({
  commands: planTemplateCommands,
  decide: { putPlanTemplate, deletePlanTemplate },
  view: {
    putPlanTemplate: (view, command) =>
      shown(view, { entity: "planTemplate", key: command.template }, planTemplateView),
    deletePlanTemplate: null,
  },
  shows: { planTemplate: planTemplateView },
});
