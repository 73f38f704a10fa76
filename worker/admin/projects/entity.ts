import { z } from "zod";
import { freshness } from "../../../shared/schema/pointer.ts";
import { name } from "../../../shared/schema/primitives.ts";
import { defineEntity, only } from "../kernel/define-entity.ts";

export const projectEntities = {
  environment: defineEntity({
    schema: z.strictObject({ name, position: z.int(), freshness: freshness.optional() }),
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
