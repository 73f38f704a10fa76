import { z } from "zod";
import { name, slug } from "../../../shared/schema/primitives.ts";
import { defineCommands } from "../kernel/define-commands.ts";

export const signingKeyCommands = defineCommands({
  createSigningKey: { fields: { environment: slug, id: z.string().max(100), name } },
  revokeSigningKey: { fields: { environment: slug, id: z.string().max(100) } },
});
