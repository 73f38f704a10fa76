import { z } from "zod";
import { key, name, slug } from "../../../shared/schema/primitives.ts";
import { defineCommands } from "../kernel/define-commands.ts";

const at = { environment: slug, flag: key };

export const triggerCommands = defineCommands({
  createTrigger: {
    fields: {
      ...at,
      id: z.string().max(40),
      name,
      variant: key.optional(),
      hash: z.string().length(64),
      hint: z.string().max(10),
    },
  },
  deleteTrigger: { fields: { ...at, id: z.string().max(100) } },
});
