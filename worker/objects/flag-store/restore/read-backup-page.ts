import type { BackupPage, BackupRow } from "../../../../shared/schema/backup.ts";
import { toBase64 } from "../../../crypto/base64.ts";
import type { Confirmation } from "../delivery-log.ts";
import { BACKUP_FORMAT, TABLES } from "./backup-tables.ts";

/** Characters of one page: several pages' worth of memory stay far below an isolate's. */
const PAGE_CHARS = 1_000_000;
const PAGE_ROWS = 1_000;

type Document = Omit<Extract<BackupRow, { row: "document" }>, "row">;
type Shard = { segment: string; shard: number; version: string; hashes: ArrayBuffer };
type Audit = Omit<Extract<BackupRow, { row: "audit" }>, "row">;
type AuditMore = Omit<Extract<BackupRow, { row: "audit-more" }>, "row">;

/**
 * Reads pages of a backup. The cursor says where to go on; the caller compares the pages' revisions and starts over
 * when somebody wrote meanwhile. After the last of these pages ledgers follow (`readLedgerPage`).
 */
export function readBackupPage(
  sql: SqlStorage,
  identity: Omit<Extract<BackupRow, { row: "header" }>, "row" | "format">,
  confirmations: readonly Confirmation[],
  cursor: string | null,
): BackupPage {
  const [table, position] = cursor === null ? ["start", 0] : [cursor.split(":")[0], Number(cursor.split(":")[1])];
  const { revision } = identity;
  if (table === "start") {
    const header = { row: "header" as const, format: BACKUP_FORMAT, ...identity } as const;
    const meta = sql.exec<{ name: string; value: string }>("SELECT name, value FROM meta ORDER BY name").toArray();
    const rows: BackupRow[] = [header, ...meta.map((one) => ({ row: "meta" as const, ...one }))];
    return { revision, rows, next: "document:0" };
  }
  const rows: BackupRow[] = [];
  let chars = 0;
  if (table === "list") {
    const query = "SELECT segment, shard, version, hashes FROM list_shard ORDER BY segment, shard LIMIT -1 OFFSET ?";
    for (const { hashes, ...one } of sql.exec<Shard>(query, position)) {
      rows.push({ row: "list", ...one, hashes: toBase64(new Uint8Array(hashes)) });
      chars += (hashes.byteLength * 4) / 3;
      if (chars >= PAGE_CHARS) return { revision, rows, next: `list:${position + rows.length}` };
    }
    return { revision, rows, next: "audit:0" };
  }
  if (table === "document") {
    const query =
      "SELECT entity, environment, key, version, body, created_at, updated_at, revision FROM document ORDER BY entity, environment, key LIMIT -1 OFFSET ?";
    for (const one of sql.exec<Document>(query, position)) {
      rows.push({ row: "document", ...one });
      chars += one.body.length;
      if (chars >= PAGE_CHARS || rows.length >= PAGE_ROWS)
        return { revision, rows, next: `document:${position + rows.length}` };
    }
    return { revision, rows, next: "list:0" };
  }
  let read = position;
  for (const one of sql.exec<Audit>("SELECT * FROM audit ORDER BY revision LIMIT -1 OFFSET ?", position)) {
    // Before the row that they belong to, so that its hash can be checked when it comes.
    for (const more of sql.exec<AuditMore>("SELECT * FROM audit_more WHERE revision = ? ORDER BY part", one.revision)) {
      rows.push({ row: "audit-more", ...more });
      chars += more.changes.length;
    }
    rows.push({ row: "audit", ...one });
    chars += one.changes.length;
    read++;
    if (chars >= PAGE_CHARS || rows.length >= PAGE_ROWS) return { revision, rows, next: `audit:${read}` };
  }
  const total = (name: string) => sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${name}`).one().n;
  for (const one of confirmations) rows.push({ row: "confirmation", ...one });
  const told = 1 + confirmations.length + TABLES.carried.reduce((sum, name) => sum + total(name), 0);
  return { revision, rows, next: `ledger:0:0:${told}:` };
}
