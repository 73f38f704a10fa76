import { defineResource } from "../kernel/define-resource.ts";
import { signingKeyCommands } from "./commands.ts";
import { createSigningKey, revokeSigningKey } from "./decide.ts";

export const signingKey = defineResource({
  commands: signingKeyCommands,
  decide: { createSigningKey, revokeSigningKey },
  view: { createSigningKey: null, revokeSigningKey: null },
});
