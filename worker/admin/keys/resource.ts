import { defineResource } from "../kernel/define-resource.ts";
import { keyCommands } from "./commands.ts";
import { createKey, expireKey, limitKey, revokeKey, rotateKey, setKeyExpiry, warnOfKeyExpiry } from "./decide.ts";
import { keyViews } from "./view.ts";

export const key = defineResource({
  commands: keyCommands,
  decide: { createKey, limitKey, setKeyExpiry, rotateKey, warnOfKeyExpiry, expireKey, revokeKey },
  view: {
    createKey: null,
    limitKey: (view, command) => keyViews(view, command.environment).find(({ id }) => id === command.id) ?? null,
    setKeyExpiry: null,
    rotateKey: null,
    warnOfKeyExpiry: null,
    expireKey: null,
    revokeKey: null,
  },
});
