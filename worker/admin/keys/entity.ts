import { z } from "zod";
import { WARN_DAYS } from "../../../shared/expiry.ts";
import { instant } from "../../../shared/schema/primitives.ts";
import { keyLimit } from "../../../shared/schema/quota.ts";
import { keySigning } from "../../../shared/schema/signed-context.ts";
import { keyKind } from "../../../shared/schema/snapshot.ts";
import { type DocumentChange, defineEntity, fate, type ProjectFacts, type Right } from "../kernel/define-entity.ts";

const schema = z.strictObject({
  kind: keyKind,
  name: z.string(),
  hash: z.string().length(64),
  /** The last characters of the token, so that people can tell keys apart. */
  hint: z.string(),
  origins: z.array(z.string()),
  createdBy: z.string(),
  limit: keyLimit.optional(),
  /** Of a client key: what it takes only when it is signed. */
  signing: keySigning.optional(),
  /** Of a server key: it reads the rules themselves. Given when it is made, and for good. */
  rules: z.literal(true).optional(),
  /** When it ends by itself, and the last warning that was given of it. */
  expiresAt: instant.optional(),
  warned: z.literal(WARN_DAYS).optional(),
  /** The key that took its place, and the one in whose place it is. */
  replacedBy: z.string().optional(),
  replaces: z.string().optional(),
});

type Key = z.infer<typeof schema>;

export const keyEntity = {
  key: defineEntity({ schema, scope: "environment", whenDeleted: "removed", limit: "keysPerEnvironment", rights }),
};

function rights(change: DocumentChange<Key>, facts: ProjectFacts): Right[] {
  const { environment, key, before, after } = change;
  const field = `keys.${key}`;
  const noun = `${(after ?? before)?.kind} key "${(after ?? before)?.name}"`;
  // A rotation hands limit and signing on.
  const replaced =
    before === null && after?.replaces ? (facts.before("key", environment, after.replaces) as Key | null) : null;
  if (after && JSON.stringify((before ?? replaced)?.limit) !== JSON.stringify(after.limit))
    return [{ needs: "admin", field: `${field}.limit`, what: `the limit of the ${noun} ${fate(change)}` }];
  if (after && JSON.stringify((before ?? replaced)?.signing) !== JSON.stringify(after.signing))
    return [{ needs: "admin", field: `${field}.signing`, what: `what the ${noun} takes only signed ${fate(change)}` }];
  // Client keys are public; a server key reads every flag.
  const isPublic = before === null && after?.kind === "client" && !replaced;
  return [{ needs: isPublic ? "marketer" : "engineer", field, what: `the ${noun} ${fate(change)}` }];
}
