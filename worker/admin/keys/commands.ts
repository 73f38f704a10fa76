import { z } from "zod";
import { graceSeconds } from "../../../shared/schema/lifetime.ts";
import { instant, name, slug } from "../../../shared/schema/primitives.ts";
import { keyLimit } from "../../../shared/schema/quota.ts";
import { keySigning } from "../../../shared/schema/signed-context.ts";
import { keyKind } from "../../../shared/schema/snapshot.ts";
import { defineCommands } from "../kernel/define-commands.ts";

const at = { environment: slug, id: z.string().max(100) };

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
      expiresAt: instant.optional(),
      rules: z.literal(true).optional(),
    },
  },
  limitKey: { fields: { environment: slug, id: z.string(), limit: keyLimit.nullable() } },
  setKeyExpiry: { fields: { ...at, expiresAt: instant.nullable() } },
  rotateKey: {
    fields: {
      ...at,
      graceSeconds,
      /** Of the new key; null: none. Left out: the lifetime that the key had, anew. */
      expiresAt: instant.nullable().optional(),
      /** The new key, drawn anew for each attempt. */
      next: z.strictObject({ id: z.string().max(100), hash: z.string().length(64), hint: z.string().max(10) }),
    },
  },
  warnOfKeyExpiry: { fields: at, sender: "automation" },
  expireKey: { fields: at, sender: "automation" },
  /** Null: nothing has to be signed. */
  setKeySigning: { fields: { ...at, signing: keySigning.nullable() } },
  revokeKey: { fields: { environment: slug, id: z.string() } },
});
