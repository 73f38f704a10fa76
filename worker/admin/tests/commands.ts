import { z } from "zod";
import { LIMITS } from "../../../shared/limits.ts";
import { darkStage, stopReason, testSettings } from "../../../shared/schema/demand-test.ts";
import { key, slug } from "../../../shared/schema/primitives.ts";
import { defineCommands } from "../kernel/define-commands.ts";

const at = { environment: slug, flag: key };
const acknowledgeExposure = z.boolean().optional();

export const testCommands = defineCommands({
  putTest: {
    fields: {
      ...at,
      settings: testSettings,
      /** Of the flag, when it is made with the test. */
      description: z.string().max(LIMITS.descriptionChars).optional(),
      acknowledgeExposure,
    },
  },
  startTest: { fields: { ...at, acknowledgeExposure } },
  stopTest: {
    fields: {
      ...at,
      reason: stopReason,
      /** Does nothing in another run: a stop rule that comes late must not end the next one. */
      run: z.int().optional(),
    },
  },
  stageTest: { fields: { ...at, stage: darkStage, acknowledgeExposure } },
  deleteTest: { fields: at },
});
