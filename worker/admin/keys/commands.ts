import { z } from "zod";
import { name, slug } from "../../../shared/schema/primitives.ts";
import { keyLimit } from "../../../shared/schema/quota.ts";
import { keyKind } from "../../../shared/schema/snapshot.ts";
import { defineCommands } from "../kernel/define-commands.ts";

export const keyCommands = defineCommands({
  createKey: {
    fields: {
      environment: slug,
      id: z.string(),
      kind: keyKind,
      name,
      hash: z.string().length(64),
      hint: z.string(),
      origins: z.array(z.string()),
    },
  },
  limitKey: { fields: { environment: slug, id: z.string(), limit: keyLimit.nullable() } },
  revokeKey: { fields: { environment: slug, id: z.string() } },
});
