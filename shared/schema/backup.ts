import { z } from "zod";
import { key, slug } from "./primitives.ts";

const personFields = [
  z.int(),
  z.string(),
  z.int(),
  z.int().nullable(),
  z.string(),
  z.string(),
  z.string(),
  z.int(),
] as const;

/** Some of what a fake door's ledger holds. People, users and networks are keyed hashes, as they are there. */
export const ledgerPart = z.strictObject({
  runs: z.array(z.strictObject({ run: z.int(), settings: z.string(), stopped: z.int() })),
  /** Pages that carry the test's markup, and when each was last opened (epoch ms). */
  pages: z.array(z.strictObject({ origin: z.string(), at: z.int() })),
  /**
   * Run, browser, first sight and click (epoch ms), country, device, network, doubts as bits; then of the click its
   * doubts and its network, which earlier backups lack.
   */
  people: z.array(z.union([z.tuple(personFields), z.tuple([...personFields, z.int(), z.string()])])),
  /** Which person a browser, or a signed-in user, is. */
  aliases: z.array(z.tuple([z.string(), z.string()])),
});
export type LedgerPart = z.infer<typeof ledgerPart>;

/**
 * A backup is lines of JSON: a header, then every row that the store cannot rebuild, in the order they are needed.
 * Unlike an export it holds everything: versions, kills, key hashes, the sealing key and the whole audit chain.
 */
export const backupHeader = z.strictObject({
  row: z.literal("header"),
  /** 1 knows neither confirmations nor ledgers: restoring it leaves ledgers as they are. */
  format: z.enum(["blastdoor-backup-1", "blastdoor-backup-2"]),
  project: slug,
  epoch: z.int().min(1),
  revision: z.int().min(0),
  takenAt: z.string(),
});
export const backupRow = z.discriminatedUnion("row", [
  backupHeader,
  z.strictObject({ row: z.literal("meta"), name: z.string(), value: z.string() }),
  z.strictObject({
    row: z.literal("document"),
    entity: z.string(),
    environment: z.string(),
    key: z.string(),
    version: z.int(),
    body: z.string(),
    created_at: z.int(),
    updated_at: z.int(),
    revision: z.int(),
  }),
  z.strictObject({
    row: z.literal("audit"),
    revision: z.int(),
    at: z.int(),
    actor: z.string(),
    action: z.string(),
    comment: z.string(),
    changes: z.string(),
    previous_hash: z.string(),
    hash: z.string(),
  }),
  /** Changes of the audit row that follows, beyond what fits it: an import's, say. */
  z.strictObject({ row: z.literal("audit-more"), revision: z.int(), part: z.int().min(0), changes: z.string() }),
  /** A shard of a segment's long list: hashes as base64, which only this project's sealing key gives a meaning. */
  z.strictObject({
    row: z.literal("list"),
    segment: z.string(),
    shard: z.int().min(0),
    version: z.string(),
    hashes: z.base64(),
  }),
  /** When the last data centre that was awake served a kill or rollback (epoch ms): the one thing no audit row says. */
  z.strictObject({
    row: z.literal("confirmation"),
    environment: slug,
    flag: key,
    revision: z.int(),
    confirmed_at: z.int(),
  }),
  /** A part of what a fake door's ledger counted, counted from 0; every fake door has one at least. */
  z.strictObject({
    row: z.literal("ledger"),
    environment: slug,
    flag: key,
    part: z.int().min(0),
    ledger: ledgerPart,
    last: z.boolean(),
  }),
  /** Closes a backup: how many rows stand before it, header included. A file without it is cut off. */
  z.strictObject({ row: z.literal("end"), rows: z.int() }),
]);
export type BackupRow = z.infer<typeof backupRow>;

/** One page of a backup. Pages of one backup must all name the same revision. */
export const backupPage = z
  .object({ revision: z.int(), rows: z.array(backupRow), next: z.string().nullable() })
  .meta({ id: "BackupPage" });
export type BackupPage = z.infer<typeof backupPage>;

/** Rows of a restore go in by parts, in order; the last part makes the change, all or nothing. */
export const restorePart = z
  .strictObject({
    /** 0 begins anew and forgets parts sent before. */
    part: z.int().min(0),
    rows: z.array(backupRow).max(2_000),
    last: z.boolean(),
    /** Needed when the project exists: everything in it is replaced. */
    replace: z.boolean().default(false),
    /** Brings back also what was taken back since: revoked keys, deleted triggers and webhooks, cancelled schedules. */
    revive: z.boolean().optional(),
  })
  .meta({ id: "RestorePart" });
