import { splitPublished } from "../../../shared/blocks/block-patch.ts";
import { BLOCKS_READER } from "../../../shared/limits.ts";
import type { Manifest } from "../../../shared/schema/manifest.ts";
import type { Slug } from "../../../shared/schema/names.ts";
import { blocksPrefix, snapshotsPrefix } from "../../kv/snapshot-store.ts";
import type { PendingPublication, Rendered } from "../kernel/outbox.ts";

/** Characters per part: below SQLite's 2 MB a row even if every character takes three bytes. */
const PART_CHARS = 500_000;
/** A replaced snapshot stays in KV this long (ms): edges hold it in memory far shorter. */
const RETIRE_AFTER_MS = 3_600_000;

/**
 * Bytes of replaced values of one environment whose bytes stay here as well, for edges that KV has not shown them
 * yet. Some twenty edits of a large project; beyond, an edge that is so late loads what is newest.
 */
const RETIRED_BYTES = 4 * 2 ** 20;
/** Manifests are small, but every publication looks through them. */
const RETIRED_VALUES = 32;

/** As `JSON.stringify` writes a manifest, whose schema names this field first. */
const MANIFEST_START = `{"minReader":${BLOCKS_READER},`;

export interface Published {
  environment: string;
  revision: number;
  hash: string;
  kvKey: string;
  publishedAt: number;
}

const utf8 = new TextEncoder();

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

  keepBody({ kvKey, body }: Pick<Rendered, "kvKey" | "body">): void {
    this.#drop(kvKey);
    const bytes = utf8.encode(body).length;
    this.#sql.exec("INSERT INTO kept_value (kv_key, bytes) VALUES (?, ?)", kvKey, bytes);
    for (let part = 0; part * PART_CHARS < body.length; part++) {
      const text = body.slice(part * PART_CHARS, (part + 1) * PART_CHARS);
      this.#sql.exec("INSERT INTO snapshot_part (kv_key, part, body) VALUES (?, ?, ?)", kvKey, part, text);
    }
  }

  #drop(kvKey: string): void {
    this.#sql.exec("DELETE FROM snapshot_part WHERE kv_key = ?", kvKey);
    this.#sql.exec("DELETE FROM kept_value WHERE kv_key = ?", kvKey);
  }

  body(kvKey: string): string | null {
    const parts = this.#sql
      .exec<{ body: string }>("SELECT body FROM snapshot_part WHERE kv_key = ? ORDER BY part", kvKey)
      .toArray();
    return parts.length === 0 ? null : parts.map((part) => part.body).join("");
  }

  /** Hashes of the blocks that a kept manifest names; none of a whole snapshot. Reads no whole snapshot's parts. */
  blocksOf(kvKey: string): string[] {
    const [isManifest] = this.#sql.exec(
      "SELECT 1 FROM snapshot_part WHERE kv_key = ? AND part = 0 AND substr(body, 1, ?) = ?",
      kvKey,
      MANIFEST_START.length,
      MANIFEST_START,
    );
    const body = isManifest ? this.body(kvKey) : null;
    return body === null ? [] : (JSON.parse(splitPublished(body).head) as Manifest).blocks;
  }

  /** The bytes of the newest snapshot with this hash that are kept here. */
  bodyByHash(project: Slug, environment: Slug, hash: string): string | null {
    const kvKey = this.#keysIn(snapshotsPrefix(project, environment)).findLast((key) => key.endsWith(`-${hash}`));
    return kvKey === undefined ? null : this.body(kvKey);
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
  move(project: Slug, environment: Slug, rendered: Rendered, now: number): void {
    const named = new Set([rendered.kvKey, ...rendered.blockKeys]);
    for (const kvKey of this.#current(project, environment))
      if (!named.has(kvKey)) this.#retire(kvKey, now + RETIRE_AFTER_MS);
    this.#sql.exec(
      "INSERT OR REPLACE INTO published (environment, revision, hash, kv_key, published_at) VALUES (?, ?, ?, ?, ?)",
      environment,
      rendered.revision,
      rendered.hash,
      rendered.kvKey,
      now,
    );
    this.settle(environment, rendered.revision);
    this.#dropOldBodies(project, environment);
  }

  /**
   * This is about to be published, and `standing` is out: what an attempt before has left goes. Blocks that were retired
   * are written again, since KV may be about to delete them.
   */
  intend(project: Slug, environment: Slug, next: Rendered, standing: ReadonlySet<string>, now: number): void {
    const named = new Set([next.kvKey, ...next.blockKeys]);
    for (const kvKey of this.#current(project, environment)) {
      if (named.has(kvKey) || standing.has(kvKey)) continue;
      this.#retire(kvKey, now + RETIRE_AFTER_MS);
      this.writtenBlock(kvKey);
    }
    for (const kvKey of named) {
      if (standing.has(kvKey)) continue;
      const { rowsWritten } = this.#sql.exec("DELETE FROM retired WHERE kv_key = ?", kvKey);
      if (rowsWritten > 0 && kvKey !== next.kvKey) this.#owe(kvKey);
    }
    this.#dropOldBodies(project, environment);
  }

  /** Keeps a block's text until KV has it and as long as it is named. */
  keepBlock(kvKey: string, body: string): void {
    this.keepBody({ kvKey, body });
    this.#owe(kvKey);
  }

  #owe(kvKey: string): void {
    this.#sql.exec("INSERT OR IGNORE INTO block_unwritten (kv_key) VALUES (?)", kvKey);
  }

  /** Keys of an environment's blocks that KV does not have yet. */
  unwrittenBlocks(project: Slug, environment: Slug, limit: number): string[] {
    const rows = this.#sql.exec<{ kv_key: string }>(
      "SELECT kv_key FROM block_unwritten WHERE kv_key >= ? AND kv_key < ? LIMIT ?",
      ...rangeOf(blocksPrefix(project, environment)),
      limit,
    );
    return [...rows].map((row) => row.kv_key);
  }

  /** KV has it, or does not need it any more. */
  writtenBlock(kvKey: string): void {
    this.#sql.exec("DELETE FROM block_unwritten WHERE kv_key = ?", kvKey);
  }

  /** The environment is gone: nothing of it is published or will be. */
  withdraw(project: Slug, environment: Slug, now: number): void {
    for (const kvKey of this.#current(project, environment)) {
      this.#retire(kvKey, now);
      this.writtenBlock(kvKey);
    }
    this.#sql.exec("DELETE FROM published WHERE environment = ?", environment);
    this.#sql.exec("DELETE FROM outbox WHERE environment = ?", environment);
  }

  /** Keys of the blocks of an environment whose bytes are kept here. */
  keptBlocks(project: Slug, environment: Slug): Set<string> {
    return new Set(this.#keysIn(blocksPrefix(project, environment)));
  }

  /** Values of an environment whose bytes are kept here, and that are not retired yet. */
  #current(project: Slug, environment: Slug): string[] {
    return [snapshotsPrefix(project, environment), blocksPrefix(project, environment)].flatMap((prefix) => {
      const rows = this.#sql.exec<{ kv_key: string }>(
        `SELECT kv_key FROM kept_value WHERE kv_key >= ? AND kv_key < ?
         AND NOT EXISTS (SELECT 1 FROM retired WHERE retired.kv_key = kept_value.kv_key)`,
        ...rangeOf(prefix),
      );
      return [...rows].map((row) => row.kv_key);
    });
  }

  // No pattern is made of the name: SQLite here takes none above 50 bytes, which a long name exceeds.
  #keysIn(prefix: string): string[] {
    const rows = this.#sql.exec<{ kv_key: string }>(
      "SELECT kv_key FROM kept_value WHERE kv_key >= ? AND kv_key < ?",
      ...rangeOf(prefix),
    );
    return [...rows].map((row) => row.kv_key);
  }

  #dropOldBodies(project: Slug, environment: Slug): void {
    let bytes = 0;
    for (const prefix of [snapshotsPrefix(project, environment), blocksPrefix(project, environment)]) {
      const rows = this.#sql.exec<{ kv_key: string; bytes: number }>(
        `SELECT kv_key, bytes FROM kept_value JOIN retired USING (kv_key) WHERE kv_key >= ? AND kv_key < ?
         ORDER BY delete_at DESC`,
        ...rangeOf(prefix),
      );
      for (const [index, row] of rows.toArray().entries()) {
        bytes += row.bytes;
        if (bytes > RETIRED_BYTES || index >= RETIRED_VALUES) this.#drop(row.kv_key);
      }
    }
  }

  retired(now: number, limit: number): string[] {
    const rows = this.#sql.exec<{ kv_key: string }>(
      "SELECT kv_key FROM retired WHERE delete_at <= ? ORDER BY delete_at LIMIT ?",
      now,
      limit,
    );
    return [...rows].map((row) => row.kv_key);
  }

  /** A key is deleted from KV. False: meanwhile it was named again, so that it has to be written again. */
  forget(kvKey: string): boolean {
    const { rowsWritten } = this.#sql.exec("DELETE FROM retired WHERE kv_key = ?", kvKey);
    if (rowsWritten === 0) return false;
    this.#drop(kvKey);
    return true;
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

/** Keys that begin with a prefix, which ends in a slash. */
const rangeOf = (prefix: string): [from: string, to: string] => [prefix, `${prefix.slice(0, -1)}0`];
