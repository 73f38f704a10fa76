import { createHash } from "node:crypto";
import type { Actor, AuditRow } from "../../shared/schema/admin.ts";
import type { Change } from "./entities.ts";

/** The chain's beginning: what the first row names as its predecessor. */
export const GENESIS = "0".repeat(64);

export interface AuditEntry {
  revision: number;
  at: number;
  actor: Actor;
  action: string;
  comment: string;
  changes: Change[];
}

/** SHA-256 over the predecessor's hash and the row's own JSON: a row altered later breaks every hash after it. */
export function auditHash(previousHash: string, entry: AuditEntry): string {
  const { revision, at, actor, action, comment, changes } = entry;
  const text = JSON.stringify([previousHash, revision, at, actor, action, comment, changes]);
  return createHash("sha256").update(text).digest("hex");
}

type Stored = {
  revision: number;
  at: number;
  actor: string;
  action: string;
  comment: string;
  changes: string;
  previous_hash: string;
  hash: string;
};

/** The audit log: one row a revision, never changed, each chained to the one before. */
export class AuditLog {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  get latestRevision(): number {
    const [row] = this.#sql.exec<{ revision: number | null }>("SELECT max(revision) AS revision FROM audit");
    return row?.revision ?? 0;
  }

  append(entry: AuditEntry): void {
    const [last] = this.#sql.exec<{ hash: string }>("SELECT hash FROM audit ORDER BY revision DESC LIMIT 1");
    const previous = last?.hash ?? GENESIS;
    this.#sql.exec(
      "INSERT INTO audit (revision, at, actor, action, comment, changes, previous_hash, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      entry.revision,
      entry.at,
      JSON.stringify(entry.actor),
      entry.action,
      entry.comment,
      JSON.stringify(entry.changes),
      previous,
      auditHash(previous, entry),
    );
  }

  page(after: number, limit: number): AuditRow[] {
    const rows = this.#sql.exec<Stored>(
      "SELECT * FROM audit WHERE revision > ? ORDER BY revision LIMIT ?",
      after,
      limit,
    );
    return [...rows].map((row) => ({
      revision: row.revision,
      at: new Date(row.at).toISOString(),
      actor: JSON.parse(row.actor),
      action: row.action,
      comment: row.comment,
      changes: JSON.parse(row.changes),
      previousHash: row.previous_hash,
      hash: row.hash,
    }));
  }

  changesSince(revision: number): Change[] {
    const rows = this.#sql.exec<{ changes: string }>(
      "SELECT changes FROM audit WHERE revision > ? ORDER BY revision",
      revision,
    );
    return [...rows].flatMap((row) => JSON.parse(row.changes) as Change[]);
  }
}
