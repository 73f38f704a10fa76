import { defineResource } from "../kernel/define-resource.ts";
import { historyCommands } from "./commands.ts";
import { importDocument, revert } from "./decide.ts";

export const history = defineResource({
  commands: historyCommands,
  decide: { revert, import: importDocument },
  view: { revert: null, import: null },
});
