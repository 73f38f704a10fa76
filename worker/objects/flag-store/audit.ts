import { createHash } from "node:crypto";
import type { Actor, AuditRow } from "../../../shared/schema/admin.ts";
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

/** Characters of changes in a row: below SQLite's 2 MB even if every character takes three bytes. */
const ROW_CHARS = 500_000;

/** Changes in pieces that each fit a row; there is always a first one. One change alone is never divided. */
export function inRows(changes: readonly Change[], rowChars = ROW_CHARS): string[] {
  const rows: string[] = [];
  let row = "";
  for (const change of changes) {
    const text = JSON.stringify(change);
    if (row !== "" && row.length + text.length > rowChars) {
      rows.push(`[${row}]`);
      row = "";
    }
    row += row === "" ? text : `,${text}`;
  }
  return [...rows, `[${row}]`];
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

/** Bytes of changes in a page. An import's alone may be more: then it is a page of its own. */
export const PAGE_BYTES = 1_000_000;

/** Bytes of changes that one search for a flag or an environment looks through. The next page goes on behind them. */
const SEARCH_BYTES = 16_000_000;

/**
 * Revisions, and bytes of their changes, that one revert goes through: some tenths of a second of the store's one thread.
 * An import that changes ten thousand flags of five rules is 20 MB.
 */
export const REACH_ROWS = 20_000;
const REACH_BYTES = 64_000_000;

/** Rows, and the revision after (in a search: before) which the next page begins; null: that was all. */
export interface AuditPage {
  rows: AuditRow[];
  next: number | null;
}

/** What to look for; everything left out is any. */
export interface AuditSearch {
  /** Only rows of a lower revision: the next page. */
  before?: number | undefined;
  limit: number;
  /** A flag's, segment's or other document's key. */
  flag?: string | undefined;
  /** Their name. */
  person?: string | undefined;
  environment?: string | undefined;
  /** Epoch ms. */
  since?: number | undefined;
}

/**
 * The audit log: one row a revision, never changed, each chained to the one before. What an import changes may not fit
 * a row: `audit_more` holds the rest of its changes.
 */
export class AuditLog {
  readonly #sql: SqlStorage;
  /** Bytes of all changes that searches have looked through without an answer that shows them. */
  bytesSearched = 0;
  #predecessorEnd: number | null = null;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /**
   * The revision with which an earlier project of this name was deleted; 0: there was none. The chain goes on behind it,
   * and what lies before is that project's history.
   */
  get predecessorEnd(): number {
    this.#predecessorEnd ??= this.#sql
      .exec<{ end: number }>("SELECT coalesce(max(revision), 0) AS end FROM audit WHERE action = 'deleteProject'")
      .one().end;
    return this.#predecessorEnd;
  }

  /** The rows are others now. */
  reread(): void {
    this.#predecessorEnd = null;
  }

  get latestRevision(): number {
    const [row] = this.#sql.exec<{ revision: number | null }>("SELECT max(revision) AS revision FROM audit");
    return row?.revision ?? 0;
  }

  append(entry: AuditEntry): void {
    if (entry.action === "deleteProject") this.#predecessorEnd = null;
    const [last] = this.#sql.exec<{ hash: string }>("SELECT hash FROM audit ORDER BY revision DESC LIMIT 1");
    const previous = last?.hash ?? GENESIS;
    const [first, ...more] = inRows(entry.changes);
    this.#sql.exec(
      "INSERT INTO audit (revision, at, actor, action, comment, changes, previous_hash, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      entry.revision,
      entry.at,
      JSON.stringify(entry.actor),
      entry.action,
      entry.comment,
      first,
      previous,
      auditHash(previous, entry),
    );
    for (const [part, changes] of more.entries())
      this.#sql.exec(
        "INSERT INTO audit_more (revision, part, changes) VALUES (?, ?, ?)",
        entry.revision,
        part,
        changes,
      );
  }

  page(after: number, limit: number): AuditPage {
    const rows = this.#sql.exec<Stored>(
      "SELECT * FROM audit WHERE revision > ? ORDER BY revision LIMIT ?",
      after,
      limit,
    );
    return this.#pageOf(rows, limit);
  }

  /**
   * Newest first. A page may have few rows, or none, where a search has looked through as much as it may.
   *
   * @param after only rows of a higher revision
   */
  search({ before, limit, flag, person, environment, since }: AuditSearch, after = 0): AuditPage {
    // A kill is called by its own id and names its flag within.
    const anyChange = (holds: string) =>
      `(EXISTS (SELECT 1 FROM json_each(audit.changes) AS change WHERE ${holds}) OR EXISTS (SELECT 1
        FROM audit_more, json_each(audit_more.changes) AS change WHERE audit_more.revision = audit.revision AND ${holds}))`;
    const about = anyChange(
      "coalesce(change.value ->> '$.after.flag', change.value ->> '$.before.flag', change.value ->> '$.key') = ?3",
    );
    const within = anyChange("change.value ->> '$.environment' = ?5");
    const from = before ?? Number.MAX_SAFE_INTEGER;
    const looksInside = flag !== undefined || environment !== undefined;
    const { floor, bytes } = looksInside ? this.#searchFloor(from, since ?? 0, after) : { floor: 0, bytes: 0 };
    const rows = this.#sql.exec<Stored>(
      `SELECT * FROM audit WHERE revision < ?1 AND revision > ?7 AND at >= ?2
       AND (?3 = '' OR ${about}) AND (?4 = '' OR actor ->> '$.name' = ?4) AND (?5 = '' OR ${within})
       ORDER BY revision DESC LIMIT ?6`,
      from,
      since ?? 0,
      flag ?? "",
      person ?? "",
      environment ?? "",
      limit,
      Math.max(floor, after),
    );
    const page = this.#pageOf(rows, limit);
    if (page.next !== null) return page;
    this.bytesSearched += bytes;
    return floor > 0 ? { ...page, next: floor + 1 } : page;
  }

  /** The revision down to which a search looks, itself left out; 0: all after `after` are looked through. */
  #searchFloor(before: number, since: number, after: number): { floor: number; bytes: number } {
    const query = "SELECT revision FROM audit WHERE revision < ? AND at >= ? AND revision > ? ORDER BY revision DESC";
    let bytes = 0;
    for (const { revision } of this.#sql.exec<{ revision: number }>(query, before, since, after)) {
      const more = this.#bytesOf(revision);
      if (bytes > 0 && bytes + more > SEARCH_BYTES) return { floor: revision, bytes };
      bytes += more;
    }
    return { floor: 0, bytes };
  }

  /** As many as fit a page, one at least. Those beyond it are not read. */
  #pageOf(found: Iterable<Stored>, limit: number): AuditPage {
    const rows: AuditRow[] = [];
    const continued = () => ({ rows, next: rows.at(-1)?.revision ?? null });
    let bytes = 0;
    for (const row of found) {
      bytes += this.#bytesOf(row.revision);
      if (rows.length > 0 && bytes > PAGE_BYTES) return continued();
      rows.push(this.#rowOf(row));
    }
    return rows.length === limit ? continued() : { rows, next: null };
  }

  /** Of a revision's changes. Reads none of them. */
  #bytesOf(revision: number): number {
    const query = `SELECT octet_length(changes) + (SELECT coalesce(sum(octet_length(changes)), 0) FROM audit_more
      WHERE revision = ?1) AS bytes FROM audit WHERE revision = ?1`;
    return this.#sql.exec<{ bytes: number }>(query, revision).one().bytes;
  }

  /** All rows, the oldest first, one at a time. */
  *entries(): Generator<AuditEntry> {
    for (const row of this.#sql.exec<Stored>("SELECT * FROM audit ORDER BY revision")) {
      const { revision, at, action, comment } = row;
      yield { revision, at, action, comment, actor: JSON.parse(row.actor), changes: this.#changesOf(row) };
    }
  }

  /**
   * Whether the changes since a revision are few enough to be read by one command. Reads none of them: what it looks at is
   * bounded, too.
   */
  isWithinReach(revision: number): boolean {
    const query = "SELECT revision FROM audit WHERE revision > ? ORDER BY revision DESC LIMIT ?";
    let bytes = 0;
    let rows = 0;
    for (const row of this.#sql.exec<{ revision: number }>(query, revision, REACH_ROWS + 1)) {
      bytes += this.#bytesOf(row.revision);
      if (++rows > REACH_ROWS || bytes > REACH_BYTES) return false;
    }
    return true;
  }

  /**
   * The oldest first, read one revision at a time: thousands of imports would not fit the memory.
   *
   * @param key only revisions that changed a document of this key, and others that mention it so; of the others not even
   *   the changes are taken apart
   */
  *changesSince(revision: number, key?: string): Generator<Change> {
    const rows = this.#sql.exec<Pick<Stored, "revision" | "changes">>(
      `SELECT revision, changes FROM audit WHERE revision > ?1 AND (?2 = '' OR instr(changes, ?2) > 0 OR EXISTS
         (SELECT 1 FROM audit_more WHERE audit_more.revision = audit.revision AND instr(audit_more.changes, ?2) > 0))
       ORDER BY revision`,
      revision,
      key === undefined ? "" : `"key":${JSON.stringify(key)}`,
    );
    for (const row of rows) yield* this.#changesOf(row);
  }

  /** What one revision changed; null: there is no such revision. */
  changesIn(revision: number): Change[] | null {
    const query = "SELECT revision, changes FROM audit WHERE revision = ?";
    const [row] = this.#sql.exec<Pick<Stored, "revision" | "changes">>(query, revision);
    return row ? this.#changesOf(row) : null;
  }

  #rowOf(row: Stored): AuditRow {
    return {
      revision: row.revision,
      at: new Date(row.at).toISOString(),
      actor: JSON.parse(row.actor),
      action: row.action,
      comment: row.comment,
      changes: this.#changesOf(row) as unknown as AuditRow["changes"],
      previousHash: row.previous_hash,
      hash: row.hash,
    };
  }

  #changesOf({ revision, changes }: Pick<Stored, "revision" | "changes">): Change[] {
    const more = this.#sql.exec<{ changes: string }>(
      "SELECT changes FROM audit_more WHERE revision = ? ORDER BY part",
      revision,
    );
    return [changes, ...[...more].map((row) => row.changes)].flatMap((text) => JSON.parse(text) as Change[]);
  }
}
