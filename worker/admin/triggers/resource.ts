import { defineResource } from "../kernel/define-resource.ts";
import { triggerCommands } from "./commands.ts";
import { createTrigger, deleteTrigger } from "./decide.ts";
import { newTriggerView } from "./view.ts";

export const trigger = defineResource({
  commands: triggerCommands,
  decide: { createTrigger, deleteTrigger },
  view: {
    createTrigger: (view, command) => newTriggerView(view, command.environment, command.id),
    deleteTrigger: null,
  },
});
