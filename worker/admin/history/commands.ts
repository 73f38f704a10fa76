import { z } from "zod";
import { exportDocument } from "../../../shared/schema/admin.ts";
import { key } from "../../../shared/schema/primitives.ts";
import { defineCommands } from "../kernel/define-commands.ts";

const acknowledgeExposure = z.boolean().optional();

export const historyCommands = defineCommands({
  /** `flag`: that flag's documents only. `alone`: only what this one revision changed. */
  revert: {
    fields: { revision: z.int().min(1), acknowledgeExposure, flag: key.optional(), alone: z.boolean().optional() },
  },
  import: { fields: { document: exportDocument, acknowledgeExposure } },
});
