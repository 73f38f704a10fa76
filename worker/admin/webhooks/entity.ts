import { z } from "zod";
import { instant } from "../../../shared/schema/primitives.ts";
import { eventType, webhookFormat } from "../../../shared/schema/webhook.ts";
import { defineEntity, only } from "../kernel/define-entity.ts";

export const webhookEntity = {
  /** Where events go. What must stay secret is sealed or derived: the audit shows these documents. */
  webhook: defineEntity({
    schema: z.strictObject({
      name: z.string(),
      /** The URL, sealed. */
      url: z.string(),
      host: z.string(),
      events: z.array(eventType),
      environments: z.array(z.string()),
      format: webhookFormat,
      /** Public half of the signing secret; the other is the project's secret. */
      salt: z.string(),
      /** The half that was rotated out, and until when it goes on signing. */
      previous: z.strictObject({ salt: z.string(), until: instant }).optional(),
      /** Where the dashboard is, for links. */
      dashboard: z.string(),
      paused: z.boolean(),
      createdBy: z.string(),
    }),
    scope: "project",
    whenDeleted: "removed",
    limit: "webhooksPerProject",
    rights: only("engineer", "webhook", "webhooks"),
  }),
};
