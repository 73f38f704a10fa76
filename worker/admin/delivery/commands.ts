import { z } from "zod";
import { deploymentStatus } from "../../../shared/schema/delivery.ts";
import { instant, key, slug } from "../../../shared/schema/primitives.ts";
import { defineCommands } from "../kernel/define-commands.ts";

export const deploymentCommands = defineCommands({
  recordDeployment: {
    fields: {
      id: key,
      environment: slug,
      version: z.string().max(100),
      status: deploymentStatus,
      finishedAt: instant.optional(),
      committedAt: instant.optional(),
      service: z.string().max(100).optional(),
      url: z.string().max(500).optional(),
    },
  },
});
