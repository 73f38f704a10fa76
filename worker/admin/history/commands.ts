import { z } from "zod";
import { exportDocument } from "../../../shared/schema/admin.ts";
import { defineCommands } from "../kernel/define-commands.ts";

const acknowledgeExposure = z.boolean().optional();

export const historyCommands = defineCommands({
  revert: { fields: { revision: z.int().min(1), acknowledgeExposure } },
  import: { fields: { document: exportDocument, acknowledgeExposure } },
});
