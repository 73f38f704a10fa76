import { z } from "zod";
import { breachEvidence } from "../../../shared/schema/guard.ts";
import { instant, key, slug } from "../../../shared/schema/primitives.ts";
import { defineCommands } from "../kernel/define-commands.ts";

const at = { environment: slug, flag: key };

export const killCommands = defineCommands({
  kill: {
    fields: {
      ...at,
      variant: key.optional(),
      onsetAt: instant.optional(),
      /** Only a guard brings any. */
      evidence: breachEvidence.optional(),
    },
  },
  restore: {
    fields: {
      ...at,
      variant: key.optional(),
      /** Break-glass kills to be lifted with it. */
      breakGlassIds: z.array(z.string().max(100)).max(1_000).optional(),
    },
  },
});
