import { defineResource } from "../kernel/define-resource.ts";
import { listCommands } from "./commands.ts";
import { deleteList, writeList } from "./decide.ts";
import { listViewOf } from "./view.ts";

export const list = defineResource({
  commands: listCommands,
  decide: { putList: writeList, patchList: writeList, deleteList },
  view: {
    putList: (view, command) => listViewOf(view, command.segment),
    patchList: (view, command) => listViewOf(view, command.segment),
    deleteList: null,
  },
});
