import { z } from "zod";
import { deploymentStatus } from "../../../shared/schema/delivery.ts";
import { instant } from "../../../shared/schema/primitives.ts";
import { defineEntity, only } from "../kernel/define-entity.ts";

export const deploymentEntity = {
  /** A deployment that CI told of. */
  deployment: defineEntity({
    schema: z.strictObject({
      version: z.string(),
      status: deploymentStatus,
      finishedAt: instant,
      committedAt: instant.optional(),
      service: z.string().optional(),
      url: z.string().optional(),
      createdBy: z.string(),
    }),
    scope: "environment",
    whenDeleted: "removed",
    rights: only("engineer", "deployment", "deployments"),
  }),
};
