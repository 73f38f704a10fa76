import { stateViewOf } from "../flags/view.ts";
import { defineResource } from "../kernel/define-resource.ts";
import { killCommands } from "./commands.ts";
import { kill as decideKill, restore } from "./decide.ts";

export const kill = defineResource({
  commands: killCommands,
  decide: { kill: decideKill, restore },
  view: {
    kill: (view, command) => stateViewOf(view, command.environment, command.flag),
    restore: (view, command) => stateViewOf(view, command.environment, command.flag),
  },
});
