import { defineResource } from "../kernel/define-resource.ts";
import { guardCommands } from "./commands.ts";
import { deleteGuard, putGuard, reportBreach } from "./decide.ts";
import { guardViewOf } from "./view.ts";

export const guard = defineResource({
  commands: guardCommands,
  decide: { putGuard, deleteGuard, reportBreach },
  view: {
    putGuard: (view, command) => guardViewOf(view, command.environment, command.flag),
    deleteGuard: null,
    reportBreach: null,
  },
});
