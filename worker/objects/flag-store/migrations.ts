import type { Migration } from "../kernel/migrations.ts";

const TRIGGERS: Omit<Migration, "name"> = {
  sql: `
    CREATE TABLE trigger_call (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      trigger_id TEXT NOT NULL,
      at INTEGER NOT NULL,
      source TEXT,
      summary TEXT NOT NULL,
      outcome TEXT NOT NULL,
      revision INTEGER,
      calls INTEGER NOT NULL
    );
    CREATE INDEX trigger_call_of ON trigger_call (trigger_id, id);
    CREATE TABLE trigger_episode (
      trigger_id TEXT NOT NULL,
      episode TEXT NOT NULL,
      last_at INTEGER NOT NULL,
      PRIMARY KEY (trigger_id, episode)
    ) WITHOUT ROWID;
    CREATE TABLE trigger_minute (
      trigger_id TEXT NOT NULL,
      lane TEXT NOT NULL,
      minute INTEGER NOT NULL,
      calls INTEGER NOT NULL,
      PRIMARY KEY (trigger_id, lane, minute)
    ) WITHOUT ROWID;`,
};

const NOTICES: Omit<Migration, "name"> = {
  sql: `
    CREATE TABLE notice (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      message_id TEXT NOT NULL UNIQUE,
      webhooks TEXT NOT NULL,
      message TEXT NOT NULL
    );`,
};

const USAGE_COUNTERS: Omit<Migration, "name"> = {
  sql: `
    CREATE TABLE usage_reporter (
      reporter TEXT NOT NULL,
      environment TEXT NOT NULL,
      counts TEXT NOT NULL,
      at INTEGER NOT NULL,
      PRIMARY KEY (reporter, environment)
    ) WITHOUT ROWID;
    CREATE INDEX usage_reporter_at ON usage_reporter (at);
    CREATE TABLE usage_total (
      environment TEXT NOT NULL,
      name TEXT NOT NULL,
      value INTEGER NOT NULL,
      PRIMARY KEY (environment, name)
    ) WITHOUT ROWID;
    CREATE TABLE usage_month (
      month TEXT NOT NULL,
      environment TEXT NOT NULL,
      evaluations INTEGER NOT NULL,
      PRIMARY KEY (month, environment)
    ) WITHOUT ROWID;`,
};

const DELIVERY_EVENTS: Omit<Migration, "name"> = {
  sql: `
    CREATE TABLE delivery_event (
      environment TEXT NOT NULL,
      flag TEXT NOT NULL,
      revision INTEGER NOT NULL,
      kind TEXT NOT NULL,
      cause TEXT NOT NULL,
      at INTEGER NOT NULL,
      onset_at INTEGER,
      confirmed_at INTEGER,
      PRIMARY KEY (environment, flag, revision)
    ) WITHOUT ROWID;
    CREATE INDEX delivery_event_at ON delivery_event (environment, at);`,
};

/** All of it follows from the documents: it is made anew, in slices, where it is missing. No backup holds it. */
const BLOCKS: Omit<Migration, "name"> = {
  sql: `
    CREATE TABLE derived (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE document_count (
      entity TEXT NOT NULL,
      environment TEXT NOT NULL,
      n INTEGER NOT NULL,
      PRIMARY KEY (entity, environment)
    ) WITHOUT ROWID;
    CREATE TABLE document_mention (
      entity TEXT NOT NULL,
      text TEXT NOT NULL,
      environment TEXT NOT NULL,
      key TEXT NOT NULL,
      PRIMARY KEY (entity, text, environment, key)
    ) WITHOUT ROWID;
    CREATE TABLE rendered_entry (
      environment TEXT NOT NULL,
      name TEXT NOT NULL,
      json TEXT NOT NULL,
      chars INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      tested INTEGER NOT NULL,
      PRIMARY KEY (environment, name)
    ) WITHOUT ROWID;
    CREATE TABLE rendered_block (
      environment TEXT NOT NULL,
      first TEXT NOT NULL,
      hash TEXT NOT NULL,
      published_hash TEXT NOT NULL,
      stale INTEGER NOT NULL,
      entries INTEGER NOT NULL,
      chars INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      tested INTEGER NOT NULL,
      PRIMARY KEY (environment, first)
    ) WITHOUT ROWID;
    CREATE TABLE render_owed (
      environment TEXT NOT NULL,
      name TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      tested INTEGER NOT NULL,
      PRIMARY KEY (environment, name)
    ) WITHOUT ROWID;
    CREATE TABLE render_sweep (environment TEXT PRIMARY KEY, after TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE block_unwritten (kv_key TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE kept_value (kv_key TEXT PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO kept_value (kv_key, bytes)
      SELECT kv_key, sum(octet_length(body)) FROM snapshot_part GROUP BY kv_key;
    CREATE INDEX IF NOT EXISTS retired_at ON retired (delete_at);`,
};

/** What blocks weigh in an edge's memory. 0 until it is worked out, in slices, for what was rendered before. */
const WEIGHTS: Omit<Migration, "name"> = {
  sql: `
    ALTER TABLE rendered_entry ADD COLUMN weight REAL NOT NULL DEFAULT 0;
    ALTER TABLE rendered_entry ADD COLUMN wide INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE rendered_block ADD COLUMN weight REAL NOT NULL DEFAULT 0;
    ALTER TABLE rendered_block ADD COLUMN wide INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE render_owed ADD COLUMN weight REAL NOT NULL DEFAULT 0;`,
};

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
  {
    name: "0013-taken-back",
    sql: `
      CREATE TABLE taken_back (
        entity TEXT NOT NULL,
        environment TEXT NOT NULL,
        key TEXT NOT NULL,
        change TEXT NOT NULL,
        PRIMARY KEY (entity, environment, key)
      ) WITHOUT ROWID;`,
  },
  { name: "0014-blocks", ...BLOCKS },
  { name: "0015-weights", ...WEIGHTS },
];
