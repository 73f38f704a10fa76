import { z } from "zod";
import { comment, instant } from "./primitives.ts";

/** How long a replaced secret may go on: a rotation that takes longer than 30 days is none. */
export const MOST_GRACE_SECONDS = 30 * 86_400;
export const graceSeconds = z.int().min(0).max(MOST_GRACE_SECONDS);

const expiry = {
  expiresAt: instant.nullable().meta({ description: "When it ends by itself; null: it does not" }),
};
export const expiryBody = z.strictObject({ ...expiry, comment: comment.optional() }).meta({ id: "KeyExpiryWrite" });
/** Tokens stand in no project's history, so there is no comment. */
export const tokenExpiryBody = z.strictObject(expiry).meta({ id: "TokenExpiryWrite" });

const rotation = {
  graceSeconds: graceSeconds
    .default(0)
    .meta({ description: "How long the present secret still works beside the new one; 0: it ends at once" }),
  expiresAt: instant.nullable().optional().meta({
    description: "When the new one ends by itself; null: it does not. Left out: it gets the present one's lifetime",
  }),
};
export const rotateBody = z.strictObject({ ...rotation, comment: comment.optional() }).meta({ id: "KeyRotate" });
export const tokenRotateBody = z.strictObject(rotation).meta({ id: "TokenRotate" });

/** What a list shows of a secret's life. */
export const lifetimeView = {
  expiresAt: z.string().optional().meta({ description: "When it ends by itself" }),
  lastUsedAt: z.string().nullable().optional().meta({ description: "To the minute; null: never, or not known" }),
  replacedBy: z.string().optional().meta({ description: "The id that was made in its place, while it still works" }),
};
