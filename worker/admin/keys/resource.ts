import { defineResource } from "../kernel/define-resource.ts";
import { keyCommands } from "./commands.ts";
import { createKey, limitKey, revokeKey } from "./decide.ts";
import { keyViews } from "./view.ts";

export const key = defineResource({
  commands: keyCommands,
  decide: { createKey, limitKey, revokeKey },
  view: {
    createKey: null,
    limitKey: (view, command) => keyViews(view, command.environment).find(({ id }) => id === command.id) ?? null,
    revokeKey: null,
  },
});
