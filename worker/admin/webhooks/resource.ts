import { defineResource } from "../kernel/define-resource.ts";
import { webhookCommands } from "./commands.ts";
import { createWebhook, deleteWebhook, patchWebhook, rotateWebhook } from "./decide.ts";
import { webhookViewOf } from "./view.ts";

export const webhook = defineResource({
  commands: webhookCommands,
  decide: { createWebhook, patchWebhook, rotateWebhook, deleteWebhook },
  view: {
    createWebhook: (view, command) => webhookViewOf(view, command.id),
    patchWebhook: (view, command) => webhookViewOf(view, command.id),
    rotateWebhook: (view, command) => webhookViewOf(view, command.id),
    deleteWebhook: null,
  },
});
