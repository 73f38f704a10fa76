import { defineResource } from "../kernel/define-resource.ts";
import { keyCommands } from "./commands.ts";
import {
  createKey,
  expireKey,
  limitKey,
  revokeKey,
  rotateKey,
  setKeyExpiry,
  setKeySigning,
  warnOfKeyExpiry,
} from "./decide.ts";
import { keyViews } from "./view.ts";

export const key = defineResource({
  commands: keyCommands,
  decide: { createKey, limitKey, setKeySigning, setKeyExpiry, rotateKey, warnOfKeyExpiry, expireKey, revokeKey },
  view: {
    createKey: null,
    limitKey: (view, command) => keyViews(view, command.environment).find(({ id }) => id === command.id) ?? null,
    setKeySigning: null,
    setKeyExpiry: null,
    rotateKey: null,
    warnOfKeyExpiry: null,
    expireKey: null,
    revokeKey: null,
  },
});
