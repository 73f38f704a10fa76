import { z } from "zod";
import { drillRun } from "../../../shared/schema/drill.ts";
import { slug } from "../../../shared/schema/primitives.ts";
import { defineCommands } from "../kernel/define-commands.ts";

export const drillCommands = defineCommands({
  putDrill: { fields: { environment: slug, everyHours: z.int().min(1).max(168).nullable() } },
  /** Sent by the drill itself. */
  recordDrill: { fields: { environment: slug, run: drillRun }, sender: "automation" },
});
