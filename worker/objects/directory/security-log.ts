import { LIMITS } from "../../../shared/limits.ts";
import {
  FIRST_HASH,
  hashedPartsOf,
  type SecurityCheck,
  type SecurityEvent,
  type SecurityKind,
  type SecurityRow,
  securityRow,
} from "../../../shared/schema/security-log.ts";
import { sha256 } from "../../crypto/sha256.ts";

type Stored = { position: number; at: number; row: string; hash: string };
type Checkpoint = { position: number; hash: string };

export interface SecurityQuery {
  /** Newest first, rows before this position; or oldest first, rows after it. */
  readonly before?: number | undefined;
  readonly after?: number | undefined;
  readonly limit: number;
  readonly kind?: string | undefined;
  readonly actor?: string | undefined;
  readonly project?: string | undefined;
  /** Epoch milliseconds. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

export const UNKNOWN = { type: "unknown", id: "", name: "Unknown" } as const;
export const NOBODY = { type: "nobody", id: "", name: "Nobody" } as const;

/** As the log names an actor: without the role, which the acts themselves show. */
export const loggedActor = (by: { type: string; id: string; name: string } | undefined): SecurityEvent["actor"] =>
  by ? { type: by.type, id: by.id, name: by.name } : UNKNOWN;

/**
 * The security log of the installation: append-only rows, each with the hash of the one before. Retention drops the
 * oldest and keeps the hash of the last dropped one, so that the rest still verifies. Every call runs inside the
 * transaction of the act that it records.
 */
export class SecurityLog {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** @param source names the act where it may be reported twice: it is recorded once */
  append(event: SecurityEvent, now: number, source: string | null = null): void {
    if (source !== null && [...this.#sql.exec("SELECT 1 FROM security_log WHERE source = ?", source)].length > 0)
      return;
    const last = this.last();
    const { kind, actor, project, environment, subject, details } = event;
    const position = last.position + 1;
    const unhashed = {
      ...{ position, at: new Date(now).toISOString(), kind, actor, details, previousHash: last.hash },
      ...(project === undefined ? {} : { project }),
      ...(environment === undefined ? {} : { environment }),
      ...(subject === undefined ? {} : { subject }),
    };
    const hash = hashOf(unhashed);
    this.#sql.exec(
      "INSERT INTO security_log (position, at, kind, actor, project, source, row, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      ...[position, now, kind, actor.id, project ?? null, source, JSON.stringify(unhashed), hash],
    );
    this.#retain(now);
  }

  /** The same for what one person can repeat at will: beyond some rows a minute it is counted. */
  appendBounded(event: SecurityEvent, now: number): void {
    const { n } = this.#sql
      .exec<{ n: number }>(
        "SELECT count(*) AS n FROM security_log WHERE at > ? AND kind = ? AND actor = ?",
        ...[now - 60_000, event.kind, event.actor.id],
      )
      .one();
    if (n < LIMITS.securityRowsPerMinute) this.append(event, now);
    else this.count(event.kind, event.actor.id, 1, now);
  }

  /** Counts what anybody can bring about as often as they like; `flush` makes one row of it. */
  count(kind: SecurityKind, subject: string, count: number, now: number): void {
    this.#sql.exec(
      `INSERT INTO security_pending (kind, subject, count, first_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (kind, subject) DO UPDATE SET count = count + excluded.count`,
      ...[kind, subject, count, now],
    );
  }

  /** When counts become rows (epoch ms); null: there are none. */
  get flushAt(): number | null {
    const { at } = this.#sql.exec<{ at: number | null }>("SELECT min(first_at) AS at FROM security_pending").one();
    return at === null ? null : at + LIMITS.securityCountMs;
  }

  flush(now: number): void {
    const due = this.#sql.exec<{ kind: SecurityKind; subject: string; count: number }>(
      "SELECT kind, subject, count FROM security_pending WHERE first_at <= ? ORDER BY kind, subject",
      now - LIMITS.securityCountMs,
    );
    for (const { kind, subject, count } of [...due]) {
      this.append({ kind, actor: NOBODY, subject, details: { count } }, now);
      this.#sql.exec("DELETE FROM security_pending WHERE kind = ? AND subject = ?", kind, subject);
    }
  }

  /** The latest row, or where the chain begins. */
  last(): Checkpoint {
    const [row] = this.#sql.exec<Checkpoint>("SELECT position, hash FROM security_log ORDER BY position DESC LIMIT 1");
    return row ?? this.checkpoint();
  }

  checkpoint(): Checkpoint {
    const [row] = this.#sql.exec<Checkpoint>("SELECT position, hash FROM security_checkpoint");
    return row ?? { position: 0, hash: FIRST_HASH };
  }

  page(query: SecurityQuery): { rows: SecurityRow[]; next: number | null } {
    const conditions: [sql: string, value: string | number | undefined][] = [
      ["position < ?", query.before],
      ["position > ?", query.after],
      ["kind = ?", query.kind],
      ["actor = ?", query.actor],
      ["project = ?", query.project],
      ["at >= ?", query.since],
      ["at <= ?", query.until],
    ];
    const asked = conditions.filter(([, value]) => value !== undefined);
    const where = asked.length === 0 ? "" : `WHERE ${asked.map(([sql]) => sql).join(" AND ")}`;
    const order = query.after === undefined ? "DESC" : "ASC";
    const found = this.#sql
      .exec<Stored>(
        `SELECT position, at, row, hash FROM security_log ${where} ORDER BY position ${order} LIMIT ?`,
        ...asked.map(([, value]) => value as string | number),
        query.limit + 1,
      )
      .toArray();
    const rows = found.slice(0, query.limit).map(rowOf);
    return { rows, next: found.length > query.limit ? (rows.at(-1)?.position ?? null) : null };
  }

  /**
   * Checks the chain, some rows at a time: `after` and `hash` are where the part before ended. Null: from the
   * checkpoint.
   */
  check(from: Checkpoint | null, limit: number): SecurityCheck & { done: boolean } {
    const checkpoint = this.checkpoint();
    const last = this.last();
    let at = from ?? checkpoint;
    const rows = this.#sql
      .exec<Stored>(
        "SELECT position, at, row, hash FROM security_log WHERE position > ? ORDER BY position LIMIT ?",
        at.position,
        limit,
      )
      .toArray();
    const told = (more: { intact: boolean; brokenAt?: number; done: boolean }) => ({
      ...{ rows: rows.length, from: checkpoint.position + 1, to: at.position, hash: at.hash, checkpoint },
      ...more,
    });
    for (const stored of rows) {
      const { hash, ...unhashed } = rowOf(stored);
      const follows = unhashed.position === at.position + 1 && unhashed.previousHash === at.hash;
      const asStored = unhashed.position === stored.position && Date.parse(unhashed.at) === stored.at;
      if (!follows || !asStored || hashOf(unhashed) !== hash)
        return told({ intact: false, brokenAt: stored.position, done: true });
      at = { position: stored.position, hash };
    }
    return told({ intact: true, done: at.position >= last.position || rows.length < limit });
  }

  /** How many rows wait behind a position that was delivered. */
  behind(position: number): number {
    return Math.max(0, this.last().position - Math.max(position, this.checkpoint().position));
  }

  #retain(now: number): void {
    const [beyond] = this.#sql.exec<Checkpoint>(
      "SELECT position, hash FROM security_log WHERE position <= ? OR at < ? ORDER BY position DESC LIMIT 1",
      this.last().position - LIMITS.securityLogRows,
      now - LIMITS.securityLogKeepMs,
    );
    if (!beyond) return;
    this.#sql.exec(
      "INSERT OR REPLACE INTO security_checkpoint (id, position, hash) VALUES (1, ?, ?)",
      beyond.position,
      beyond.hash,
    );
    this.#sql.exec("DELETE FROM security_log WHERE position <= ?", beyond.position);
  }
}

const hashOf = (row: Omit<SecurityRow, "hash">): string => sha256(JSON.stringify(hashedPartsOf(row)));

const rowOf = ({ row, hash }: Stored): SecurityRow => securityRow.parse({ ...JSON.parse(row), hash });
