import { ORIGINS } from "../directory/directory-migrations.ts";
import { DELIVERY_EVENTS, NOTICES, TRIGGERS, USAGE_COUNTERS } from "./delivery-migrations.ts";

/**
 * Append-only. A migration that has been released is never edited: add another. At boot the applied list must be a
 * prefix of this one; anything else means that the code is older than the data, and the object refuses to start
 * rather than misread it.
 */
export interface Migration {
  name: string;
  sql: string;
}

export const FLAG_STORE_MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-documents",
    sql: `
      CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE document (
        entity TEXT NOT NULL,
        environment TEXT NOT NULL,
        key TEXT NOT NULL,
        version INTEGER NOT NULL,
        body TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        PRIMARY KEY (entity, environment, key)
      ) WITHOUT ROWID;
      CREATE TABLE audit (
        revision INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        actor TEXT NOT NULL,
        action TEXT NOT NULL,
        comment TEXT NOT NULL,
        changes TEXT NOT NULL,
        previous_hash TEXT NOT NULL,
        hash TEXT NOT NULL
      );
      CREATE TABLE outbox (
        environment TEXT PRIMARY KEY,
        revision INTEGER NOT NULL,
        committed_at INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        due_at INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE published (
        environment TEXT PRIMARY KEY,
        revision INTEGER NOT NULL,
        hash TEXT NOT NULL,
        kv_key TEXT NOT NULL,
        published_at INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE snapshot_part (
        kv_key TEXT NOT NULL,
        part INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (kv_key, part)
      ) WITHOUT ROWID;
      CREATE TABLE retired (kv_key TEXT PRIMARY KEY, delete_at INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE command (
        id TEXT PRIMARY KEY,
        fingerprint TEXT NOT NULL,
        reply TEXT NOT NULL,
        at INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE INDEX command_at ON command (at);`,
  },
  {
    name: "0002-propagation",
    sql: `
      CREATE TABLE change_log (
        environment TEXT NOT NULL,
        revision INTEGER NOT NULL,
        action TEXT NOT NULL,
        committed_at INTEGER NOT NULL,
        published_at INTEGER,
        PRIMARY KEY (environment, revision)
      ) WITHOUT ROWID;
      CREATE TABLE first_served (
        environment TEXT NOT NULL,
        revision INTEGER NOT NULL,
        colo TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (environment, revision, colo)
      ) WITHOUT ROWID;`,
  },
  {
    name: "0003-restore",
    sql: "CREATE TABLE restore_part (part INTEGER NOT NULL, position INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (part, position)) WITHOUT ROWID;",
  },
  {
    name: "0004-segment-lists",
    sql: `
      CREATE TABLE list_shard (
        segment TEXT NOT NULL,
        shard INTEGER NOT NULL,
        version TEXT NOT NULL,
        hashes BLOB NOT NULL,
        PRIMARY KEY (segment, shard)
      );
      CREATE TABLE list_outbox (
        segment TEXT NOT NULL,
        shard INTEGER NOT NULL,
        version TEXT NOT NULL,
        PRIMARY KEY (segment, shard, version)
      ) WITHOUT ROWID;
      CREATE TABLE list_upload (
        upload TEXT PRIMARY KEY,
        segment TEXT NOT NULL,
        salt TEXT NOT NULL,
        at INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE list_part (
        upload TEXT NOT NULL,
        shard INTEGER NOT NULL,
        hashes BLOB NOT NULL,
        PRIMARY KEY (upload, shard)
      );`,
  },
  {
    name: "0005-centres",
    sql: `
      CREATE TABLE centre (
        colo TEXT PRIMARY KEY,
        seen_at INTEGER NOT NULL,
        cache_works INTEGER,
        stale_served INTEGER NOT NULL
      ) WITHOUT ROWID;`,
  },
  {
    name: "0006-usage",
    sql: `
      CREATE TABLE flag_asked (
        environment TEXT NOT NULL,
        flag TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (environment, flag)
      ) WITHOUT ROWID;
      CREATE TABLE attribute_seen (
        environment TEXT NOT NULL,
        name TEXT NOT NULL,
        known TEXT,
        PRIMARY KEY (environment, name)
      ) WITHOUT ROWID;`,
  },
  { name: "0007-triggers", ...TRIGGERS },
  { name: "0008-notices", ...NOTICES },
  { name: "0009-usage-counters", ...USAGE_COUNTERS },
  { name: "0010-delivery-events", ...DELIVERY_EVENTS },
  {
    name: "0011-audit-more",
    sql: `
      CREATE TABLE audit_more (
        revision INTEGER NOT NULL,
        part INTEGER NOT NULL,
        changes TEXT NOT NULL,
        PRIMARY KEY (revision, part)
      ) WITHOUT ROWID;`,
  },
  {
    name: "0012-ledger-owed",
    sql: `
      CREATE TABLE ledger_owed (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        environment TEXT NOT NULL,
        flag TEXT NOT NULL,
        body TEXT
      );`,
  },
];

export const DIRECTORY_MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-directory",
    sql: `
      CREATE TABLE project (key TEXT PRIMARY KEY, name TEXT NOT NULL, created_at INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE token (
        id TEXT PRIMARY KEY,
        hash TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        role TEXT NOT NULL,
        project TEXT,
        created_at INTEGER NOT NULL,
        created_by TEXT NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE session (
        hash TEXT PRIMARY KEY,
        subject TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        used_at INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE sign_in_code (hash TEXT PRIMARY KEY, subject TEXT NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID;`,
  },
  { name: "0002-origins", ...ORIGINS },
];

export const TEST_LEDGER_MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-people",
    sql: `
      CREATE TABLE run (run INTEGER PRIMARY KEY, project TEXT NOT NULL, environment TEXT NOT NULL, flag TEXT NOT NULL,
        settings TEXT NOT NULL, people INTEGER NOT NULL DEFAULT 0, stopped INTEGER NOT NULL DEFAULT 0);
      CREATE TABLE person (
        run INTEGER NOT NULL,
        unit TEXT NOT NULL,
        first_seen INTEGER NOT NULL,
        clicked_at INTEGER,
        country TEXT NOT NULL,
        device TEXT NOT NULL,
        network TEXT NOT NULL,
        doubts INTEGER NOT NULL,
        PRIMARY KEY (run, unit)
      ) WITHOUT ROWID;
      CREATE INDEX person_network ON person (run, network);
      CREATE TABLE alias (id TEXT PRIMARY KEY, unit TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE page (origin TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;`,
  },
  {
    name: "0002-restored",
    sql: "CREATE TABLE restored (epoch INTEGER NOT NULL, parts INTEGER NOT NULL);",
  },
  {
    name: "0003-believed",
    sql: `
      ALTER TABLE person ADD COLUMN click_doubts INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE person ADD COLUMN click_network TEXT NOT NULL DEFAULT '';
      ALTER TABLE run ADD COLUMN doubtful INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE run ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;
      UPDATE run SET doubtful = (SELECT count(*) FROM person WHERE person.run = run.run AND doubts > 0);
      DROP INDEX person_network;
      CREATE INDEX person_believed ON person (run, network) WHERE doubts = 0;
      CREATE INDEX person_clicked ON person (run, click_network) WHERE doubts = 0 AND click_doubts = 0 AND click_network <> '';
      CREATE INDEX alias_unit ON alias (unit);
      CREATE TABLE page_hour (hour INTEGER PRIMARY KEY, added INTEGER NOT NULL);`,
  },
];

export const DESK_MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-requests",
    sql: `
      CREATE TABLE request (
        id TEXT PRIMARY KEY,
        flag TEXT NOT NULL,
        unit TEXT NOT NULL,
        input TEXT NOT NULL,
        status TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        deadline_at INTEGER NOT NULL,
        fallback TEXT NOT NULL,
        claimed_by TEXT,
        claimed_name TEXT,
        claimed_at INTEGER,
        answer TEXT,
        finished_at INTEGER
      ) WITHOUT ROWID;
      CREATE INDEX request_status ON request (status, deadline_at);
      CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;`,
  },
  {
    name: "0002-askers",
    sql: `
      ALTER TABLE request ADD COLUMN key TEXT NOT NULL DEFAULT '';
      ALTER TABLE request ADD COLUMN network TEXT NOT NULL DEFAULT '';
      ALTER TABLE request ADD COLUMN of_server INTEGER NOT NULL DEFAULT 0;
      CREATE INDEX request_finished ON request (status, finished_at);
      CREATE INDEX request_asker ON request (key, network, unit, of_server) WHERE status = 'waiting';
      CREATE TABLE refused (flag TEXT NOT NULL, day INTEGER NOT NULL, requests INTEGER NOT NULL, PRIMARY KEY (flag, day)) WITHOUT ROWID;`,
  },
];

/** Brings the database up to date. Throws when it was written by newer code. */
export function migrate(storage: DurableObjectStorage, migrations: readonly Migration[]): void {
  const { sql } = storage;
  storage.transactionSync(() => {
    sql.exec("CREATE TABLE IF NOT EXISTS migration (position INTEGER PRIMARY KEY, name TEXT NOT NULL)");
    const applied = sql.exec<{ name: string }>("SELECT name FROM migration ORDER BY position").toArray();
    for (const [position, { name }] of applied.entries()) {
      if (migrations[position]?.name !== name) {
        throw new Error(
          `migration ${position + 1} is "${name}" in the database and "${migrations[position]?.name ?? "missing"}" in this code`,
        );
      }
    }
    for (const [position, migration] of migrations.entries()) {
      if (position < applied.length) continue;
      sql.exec(migration.sql);
      sql.exec("INSERT INTO migration (position, name) VALUES (?, ?)", position, migration.name);
    }
  });
}
