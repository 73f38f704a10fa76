import { z } from "zod";
import { name, slug } from "../../../shared/schema/primitives.ts";
import { eventType, webhookFormat } from "../../../shared/schema/webhook.ts";
import { defineCommands } from "../kernel/define-commands.ts";

const id = z.string().max(100);
const salt = z.string().length(32);
const settings = {
  name,
  /** Sealed by the store before it decides. */
  url: z.string().max(4_000),
  host: z.string().max(300),
  events: z.array(eventType),
  environments: z.array(slug),
  format: webhookFormat,
};

export const webhookCommands = defineCommands({
  createWebhook: { fields: { id, ...settings, salt, dashboard: z.string().max(300) } },
  patchWebhook: {
    fields: { id, ...z.object(settings).omit({ format: true }).partial().shape, paused: z.boolean().optional() },
  },
  rotateWebhook: { fields: { id, salt } },
  deleteWebhook: { fields: { id } },
});
