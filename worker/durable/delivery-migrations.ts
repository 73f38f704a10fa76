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
