import { defineResource } from "../kernel/define-resource.ts";
import { importCommands } from "./commands.ts";
import { conflictsAfter, importFlags } from "./decide.ts";

export const imports = defineResource({
  commands: importCommands,
  decide: { importFlags },
  view: { importFlags: conflictsAfter },
});
