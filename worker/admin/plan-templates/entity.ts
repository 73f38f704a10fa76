import { planTemplate } from "../../../shared/schema/plan.ts";
import { defineEntity, only } from "../kernel/define-entity.ts";

export const planTemplateEntity = {
  planTemplate: defineEntity({
    schema: planTemplate,
    scope: "project",
    whenDeleted: "removed",
    limit: "planTemplatesPerProject",
    rights: only("engineer", "plan template", "planTemplates"),
  }),
};
