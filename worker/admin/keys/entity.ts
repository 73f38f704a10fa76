import { z } from "zod";
import { keyLimit } from "../../../shared/schema/quota.ts";
import { keyKind } from "../../../shared/schema/snapshot.ts";
import { type DocumentChange, defineEntity, fate, type Right } from "../kernel/define-entity.ts";

const schema = z.strictObject({
  kind: keyKind,
  name: z.string(),
  hash: z.string().length(64),
  /** The last characters of the token, so that people can tell keys apart. */
  hint: z.string(),
  origins: z.array(z.string()),
  createdBy: z.string(),
  limit: keyLimit.optional(),
});

export const keyEntity = {
  key: defineEntity({ schema, scope: "environment", whenDeleted: "removed", limit: "keysPerEnvironment", rights }),
};

function rights(change: DocumentChange<z.infer<typeof schema>>): Right[] {
  const { key, before, after } = change;
  const field = `keys.${key}`;
  const noun = `${(after ?? before)?.kind} key "${(after ?? before)?.name}"`;
  if (after && JSON.stringify(before?.limit) !== JSON.stringify(after.limit))
    return [{ needs: "admin", field: `${field}.limit`, what: `the limit of the ${noun} ${fate(change)}` }];
  // Client keys are public; a server key reads every flag.
  const isPublic = before === null && after?.kind === "client";
  return [{ needs: isPublic ? "marketer" : "engineer", field, what: `the ${noun} ${fate(change)}` }];
}
