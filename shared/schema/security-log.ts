import { z } from "zod";
import { LIMITS } from "../limits.ts";
import { SECURITY_KINDS } from "../security-kinds.ts";
import { slug } from "./primitives.ts";

export const securityKind = z.enum(SECURITY_KINDS);
export type SecurityKind = z.infer<typeof securityKind>;

/** Values are short and never secrets: names, counts, roles, instants. */
const detail = z.union([z.string().max(300), z.number(), z.boolean()]);

export const securityEvent = z.strictObject({
  kind: securityKind,
  /** Who did it. `nobody`: a failed sign-in; `unknown`: an earlier version did not say. */
  actor: z.strictObject({ type: z.string().max(20), id: z.string().max(100), name: z.string().max(LIMITS.nameChars) }),
  project: slug.optional(),
  environment: slug.optional(),
  /** What it was done to: the id of a token, key, session or setting. */
  subject: z.string().max(300).optional(),
  details: z.record(z.string().max(50), detail).default({}),
});
export type SecurityEvent = z.infer<typeof securityEvent>;

export const securityRow = securityEvent
  .safeExtend({
    position: z.int(),
    at: z.string(),
    previousHash: z.string(),
    hash: z.string(),
  })
  .meta({ id: "SecurityLogRow" });
export type SecurityRow = z.infer<typeof securityRow>;

/** Everything that a row's hash covers, in this order, after the hash of the row before. */
export const hashedPartsOf = (row: Omit<SecurityRow, "hash">): readonly unknown[] => [
  row.previousHash,
  row.position,
  row.at,
  row.kind,
  row.actor,
  row.project ?? null,
  row.environment ?? null,
  row.subject ?? null,
  row.details,
];

/** The hash before the first row. */
export const FIRST_HASH = "0".repeat(64);

export const securityCheck = z
  .object({
    intact: z.boolean(),
    rows: z.int().meta({ description: "Rows that were checked" }),
    from: z.int().meta({ description: "Position of the first row that is kept" }),
    to: z.int(),
    hash: z.string().meta({ description: "Of the latest row: keep it elsewhere to prove later that nothing changed" }),
    checkpoint: z
      .object({ position: z.int(), hash: z.string() })
      .meta({ description: "The last row that retention removed; the chain goes on from its hash" }),
    brokenAt: z.int().optional().meta({ description: "The first row that does not follow from the one before" }),
  })
  .meta({ id: "SecurityLogCheck" });
export type SecurityCheck = z.infer<typeof securityCheck>;

export const securityDeliveryBody = z
  .strictObject({ url: z.string().min(1).max(2_000).meta({ description: "https, and a public name or address" }) })
  .meta({ id: "SecurityDeliveryWrite" });
export const securityDeliveryMade = z
  .object({ secret: z.string().meta({ description: "Verifies signatures, `whsec_…`; shown once" }) })
  .meta({ id: "SecurityDeliveryMade" });
export const securityDelivery = z
  .object({
    host: z.string().meta({ description: "The URL's host; the rest may be secret" }),
    deliveredTo: z.int().meta({ description: "Position of the last row that the receiver has confirmed" }),
    waiting: z.int(),
    missed: z.int().meta({ description: "Rows that retention removed before the receiver took them" }),
    failures: z.int().meta({ description: "Failed attempts since the last success" }),
    lastResult: z.string().nullable(),
    deliveredAt: z.string().nullable(),
    nextAttemptAt: z.string().nullable(),
  })
  .meta({ id: "SecurityDelivery" });
export type SecurityDelivery = z.infer<typeof securityDelivery>;
