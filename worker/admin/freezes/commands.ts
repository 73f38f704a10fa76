import { freeze } from "../../../shared/schema/freeze.ts";
import { key, slug } from "../../../shared/schema/primitives.ts";
import { defineCommands } from "../kernel/define-commands.ts";

export const freezeCommands = defineCommands({
  putFreeze: { fields: { environment: slug, freeze: key, definition: freeze } },
  deleteFreeze: { fields: { environment: slug, freeze: key } },
});
