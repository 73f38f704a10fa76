import { environmentOf } from "../../kv/snapshot-store.ts";
import type { PendingPublication, Rendered } from "../kernel/outbox.ts";

/** Characters per part: below SQLite's 2 MB a row even if every character takes three bytes. */
const PART_CHARS = 500_000;
/** A replaced snapshot stays in KV this long (ms): edges hold it in memory far shorter. */
const RETIRE_AFTER_MS = 3_600_000;

export interface Published {
  environment: string;
  revision: number;
  hash: string;
  kvKey: string;
  publishedAt: number;
}

type StoredPublished = { environment: string; revision: number; hash: string; kv_key: string; published_at: number };

/** What is out, what waits to go out, and what lies in KV to be cleaned up. All in SQLite. */
export class Publications {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Notes that an environment ("" for the directory) must follow; inside the command's transaction. */
  enqueue(environment: string, revision: number, now: number): void {
    this.#sql.exec(
      `INSERT INTO outbox (environment, revision, committed_at, attempts, due_at) VALUES (?, ?, ?, 0, ?)
       ON CONFLICT (environment) DO UPDATE SET revision = excluded.revision, due_at = min(due_at, excluded.due_at)`,
      environment,
      revision,
      now,
      now,
    );
  }

  pending(): PendingPublication[] {
    return this.#sql
      .exec<{ environment: string; revision: number; attempts: number }>(
        // Guards come last: what people get must not wait for who watches it.
        "SELECT environment, revision, attempts FROM outbox ORDER BY environment GLOB 'guard/*', committed_at, environment",
      )
      .toArray();
  }

  /** Takes a publication off the outbox unless a later change has come in. */
  settle(environment: string, revision: number): void {
    this.#sql.exec("DELETE FROM outbox WHERE environment = ? AND revision <= ?", environment, revision);
  }

  postpone(environment: string, attempts: number, dueAt: number): void {
    this.#sql.exec("UPDATE outbox SET attempts = ?, due_at = ? WHERE environment = ?", attempts, dueAt, environment);
  }

  keepBody({ kvKey, body }: Rendered): void {
    this.#sql.exec("DELETE FROM snapshot_part WHERE kv_key = ?", kvKey);
    for (let part = 0; part * PART_CHARS < body.length; part++) {
      const text = body.slice(part * PART_CHARS, (part + 1) * PART_CHARS);
      this.#sql.exec("INSERT INTO snapshot_part (kv_key, part, body) VALUES (?, ?, ?)", kvKey, part, text);
    }
  }

  body(kvKey: string): string | null {
    const parts = this.#sql
      .exec<{ body: string }>("SELECT body FROM snapshot_part WHERE kv_key = ? ORDER BY part", kvKey)
      .toArray();
    return parts.length === 0 ? null : parts.map((part) => part.body).join("");
  }

  published(environment?: string): Published[] {
    const rows =
      environment === undefined
        ? this.#sql.exec<StoredPublished>("SELECT * FROM published ORDER BY environment")
        : this.#sql.exec<StoredPublished>("SELECT * FROM published WHERE environment = ?", environment);
    return [...rows].map((row) => ({
      environment: row.environment,
      revision: row.revision,
      hash: row.hash,
      kvKey: row.kv_key,
      publishedAt: row.published_at,
    }));
  }

  /** Points an environment at a snapshot and retires those before, also such that never came to be published. */
  move(environment: string, rendered: Rendered, now: number): void {
    for (const kvKey of this.#rendered(environment)) {
      if (kvKey !== rendered.kvKey) this.#retire(kvKey, now + RETIRE_AFTER_MS);
    }
    this.#sql.exec(
      "INSERT OR REPLACE INTO published (environment, revision, hash, kv_key, published_at) VALUES (?, ?, ?, ?, ?)",
      environment,
      rendered.revision,
      rendered.hash,
      rendered.kvKey,
      now,
    );
    this.settle(environment, rendered.revision);
  }

  /** The environment is gone: nothing of it is published or will be. */
  withdraw(environment: string, now: number): void {
    for (const kvKey of this.#rendered(environment)) this.#retire(kvKey, now);
    this.#sql.exec("DELETE FROM published WHERE environment = ?", environment);
    this.#sql.exec("DELETE FROM outbox WHERE environment = ?", environment);
  }

  /** Every snapshot of an environment whose bytes are kept here. */
  #rendered(environment: string): string[] {
    // No pattern is made of the name: SQLite here takes none above 50 bytes, which a long name exceeds.
    const rows = this.#sql.exec<{ kv_key: string }>("SELECT DISTINCT kv_key FROM snapshot_part");
    return [...rows].map((row) => row.kv_key).filter((kvKey) => environmentOf(kvKey) === environment);
  }

  retired(now: number, limit: number): string[] {
    const rows = this.#sql.exec<{ kv_key: string }>(
      "SELECT kv_key FROM retired WHERE delete_at <= ? LIMIT ?",
      now,
      limit,
    );
    return [...rows].map((row) => row.kv_key);
  }

  forget(kvKey: string): void {
    this.#sql.exec("DELETE FROM retired WHERE kv_key = ?", kvKey);
    this.#sql.exec("DELETE FROM snapshot_part WHERE kv_key = ?", kvKey);
  }

  /** When the next thing is due (epoch ms). */
  due(): number[] {
    const rows = this.#sql.exec<{ at: number | null }>(
      "SELECT min(due_at) AS at FROM outbox UNION ALL SELECT min(delete_at) FROM retired",
    );
    return [...rows].flatMap((row) => (row.at === null ? [] : [row.at]));
  }

  /** Nothing names this key any more, or soon will not. */
  retire(kvKey: string, now: number): void {
    this.#retire(kvKey, now + RETIRE_AFTER_MS);
  }

  /** Keeps retired keys a while longer: a snapshot that names them may still be the newest that is out. */
  reprieve(kvKey: string, now: number): void {
    this.#sql.exec("UPDATE retired SET delete_at = ? WHERE kv_key = ?", now + RETIRE_AFTER_MS, kvKey);
  }

  #retire(kvKey: string, deleteAt: number): void {
    this.#sql.exec("INSERT OR IGNORE INTO retired (kv_key, delete_at) VALUES (?, ?)", kvKey, deleteAt);
  }
}
