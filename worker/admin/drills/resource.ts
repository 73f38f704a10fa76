import { defineResource } from "../kernel/define-resource.ts";
import { drillCommands } from "./commands.ts";
import { putDrill, recordDrill } from "./decide.ts";

export const drill = defineResource({
  commands: drillCommands,
  decide: { putDrill, recordDrill },
  view: { putDrill: null, recordDrill: null },
});
