import { type BackupRow, backupRow } from "../../../../shared/schema/backup.ts";
import { fromBase64 } from "../../../crypto/base64.ts";
import { type Result, reject } from "../../../result.ts";
import type { LedgerOutbox } from "../../test-ledger/ledger-backup.ts";
import type { Confirmation } from "../delivery-log.ts";
import { TABLES } from "./backup-tables.ts";

/** The parts of a restore under way, kept until the last one is there. */
export class RestoreStage {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Adds a part; null when parts before it are missing. */
  add(part: number, rows: BackupRow[]): Result<null> {
    if (part === 0) this.#sql.exec("DELETE FROM restore_part");
    const expected = this.#sql.exec<{ n: number }>("SELECT count(DISTINCT part) AS n FROM restore_part").one().n;
    if (part !== expected) {
      return reject({
        code: "invalid",
        issues: [{ field: "part", message: `part ${expected} is due, not ${part}; begin again with part 0` }],
      });
    }
    for (const [position, row] of rows.entries()) {
      this.#sql.exec(
        "INSERT INTO restore_part (part, position, body) VALUES (?, ?, ?)",
        part,
        position,
        JSON.stringify(row),
      );
    }
    return { ok: true, value: null };
  }

  clear(): void {
    this.#sql.exec("DELETE FROM restore_part");
  }

  *rows(): Generator<BackupRow> {
    for (const { body } of this.#sql.exec<{ body: string }>("SELECT body FROM restore_part ORDER BY part, position")) {
      yield backupRow.parse(JSON.parse(body));
    }
  }

  /**
   * Puts the rows in place of whatever is there, and hands on what belongs elsewhere: ledgers' parts to the outbox that
   * carries them there, confirmations to the caller. Only inside a transaction, after `check`.
   */
  apply(ledgers: Pick<LedgerOutbox, "append">): Confirmation[] {
    const sql = this.#sql;
    const confirmations: Confirmation[] = [];
    for (const table of [...TABLES.carried, ...TABLES.emptied]) {
      // Its rows are replaced one by one: what the backup does not know of, such as a secret made since, stays.
      if (table !== "meta") sql.exec(`DELETE FROM ${table}`);
    }
    for (const row of this.rows()) {
      if (row.row === "meta") sql.exec("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", row.name, row.value);
      else if (row.row === "document") {
        sql.exec(
          "INSERT INTO document (entity, environment, key, version, body, created_at, updated_at, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
          row.entity,
          row.environment,
          row.key,
          row.version,
          row.body,
          row.created_at,
          row.updated_at,
          row.revision,
        );
      } else if (row.row === "list") {
        sql.exec(
          "INSERT INTO list_shard (segment, shard, version, hashes) VALUES (?, ?, ?, ?)",
          row.segment,
          row.shard,
          row.version,
          fromBase64(row.hashes),
        );
      } else if (row.row === "audit") {
        sql.exec(
          "INSERT INTO audit (revision, at, actor, action, comment, changes, previous_hash, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
          row.revision,
          row.at,
          row.actor,
          row.action,
          row.comment,
          row.changes,
          row.previous_hash,
          row.hash,
        );
      } else if (row.row === "audit-more") {
        const { revision, part, changes } = row;
        sql.exec("INSERT INTO audit_more (revision, part, changes) VALUES (?, ?, ?)", revision, part, changes);
      } else if (row.row === "ledger") ledgers.append(row, row);
      else if (row.row === "confirmation") confirmations.push(row);
    }
    this.clear();
    return confirmations;
  }
}
