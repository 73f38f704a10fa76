import { defineResource, shown } from "../kernel/define-resource.ts";
import { freezeCommands } from "./commands.ts";
import { deleteFreeze, putFreeze } from "./decide.ts";
import { freezeView } from "./view.ts";

export const freeze = defineResource({
  commands: freezeCommands,
  decide: { putFreeze, deleteFreeze },
  view: {
    putFreeze: (view, { environment, freeze }) =>
      shown(view, { entity: "freeze", environment, key: freeze }, freezeView),
    deleteFreeze: null,
  },
  shows: { freeze: freezeView },
});
