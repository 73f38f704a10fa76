import { z } from "zod";
import { flagDefinition, flagStateInput } from "../../../shared/schema/flag.ts";
import { key, slug } from "../../../shared/schema/primitives.ts";
import { segment } from "../../../shared/schema/segment.ts";
import { defineCommands } from "../kernel/define-commands.ts";

export const importCommands = defineCommands({
  /** Flags of one environment from another vendor's file, translated. */
  importFlags: {
    fields: {
      environment: slug,
      vendor: z.string().min(1).max(50),
      file: z.string().length(64),
      flags: z.record(key, z.strictObject({ definition: flagDefinition, state: flagStateInput })),
      segments: z.record(key, segment),
    },
  },
});
