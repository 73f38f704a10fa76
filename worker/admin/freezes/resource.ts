import { defineResource } from "../kernel/define-resource.ts";
import { freezeCommands } from "./commands.ts";
import { deleteFreeze, putFreeze } from "./decide.ts";
import { freezeViewOf } from "./view.ts";

export const freeze = defineResource({
  commands: freezeCommands,
  decide: { putFreeze, deleteFreeze },
  view: {
    putFreeze: (view, command) => freezeViewOf(view, command.environment, command.freeze),
    deleteFreeze: null,
  },
});
