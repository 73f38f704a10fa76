import { z } from "zod";
import { name } from "../../../shared/schema/primitives.ts";
import { defineEntity, only } from "../kernel/define-entity.ts";

export const projectEntities = {
  environment: defineEntity({
    schema: z.strictObject({ name, position: z.int() }),
    scope: "project",
    whenDeleted: "removed",
    limit: "environmentsPerProject",
    rights: only("admin", "environment", "environments"),
  }),
  project: defineEntity({
    schema: z.strictObject({ name }),
    scope: "project",
    whenDeleted: "removed",
    rights: only("admin", "project", "projects"),
  }),
};
