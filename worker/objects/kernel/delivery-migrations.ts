import type { Migration } from "./migrations.ts";

/** FlagStore's tables for triggers, webhooks and delivery figures; their places in the list are in migrations.ts. */
export const TRIGGERS: Omit<Migration, "name"> = {
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

export const NOTICES: Omit<Migration, "name"> = {
  sql: `
    CREATE TABLE notice (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      message_id TEXT NOT NULL UNIQUE,
      webhooks TEXT NOT NULL,
      message TEXT NOT NULL
    );`,
};

export const USAGE_COUNTERS: Omit<Migration, "name"> = {
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

export const DELIVERY_EVENTS: Omit<Migration, "name"> = {
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

export const COURIER_MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-deliveries",
    sql: `
      CREATE TABLE endpoint (
        webhook TEXT PRIMARY KEY,
        settings TEXT NOT NULL,
        gone INTEGER NOT NULL,
        delivered INTEGER NOT NULL,
        failed_attempts INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE delivery (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        webhook TEXT NOT NULL,
        message_id TEXT NOT NULL,
        type TEXT NOT NULL,
        message TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        status TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        due_at INTEGER,
        delivered_at INTEGER,
        last_result TEXT,
        UNIQUE (webhook, message_id)
      );
      CREATE INDEX delivery_due ON delivery (status, due_at);`,
  },
];
