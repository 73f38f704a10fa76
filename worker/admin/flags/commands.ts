import { z } from "zod";
import { LIMITS } from "../../../shared/limits.ts";
import { flagDefinition, flagStateInput } from "../../../shared/schema/flag.ts";
import { key, slug } from "../../../shared/schema/primitives.ts";
import { statePatch as patch } from "../../../shared/schema/schedule.ts";
import { defineCommands } from "../kernel/define-commands.ts";

const at = { environment: slug, flag: key };
const acknowledgeExposure = z.boolean().optional();

export const flagCommands = defineCommands({
  putFlag: {
    fields: {
      flag: key,
      definition: flagDefinition,
      /** Allow an archived key to be used again. */
      reuse: z.boolean().optional(),
      acknowledgeExposure,
    },
  },
  patchFlag: { fields: { flag: key, patch, acknowledgeExposure } },
  archiveFlag: { fields: { flag: key } },
  archiveFlags: { fields: { flags: z.array(key).min(1).max(LIMITS.flagsPerProject) } },
  putState: { fields: { ...at, state: flagStateInput, acknowledgeExposure } },
  patchState: { fields: { ...at, patch, acknowledgeExposure } },
});
