import type { Migration } from "../kernel/migrations.ts";

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
