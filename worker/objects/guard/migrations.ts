import type { Migration } from "../kernel/migrations.ts";

export const GUARD_MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-guard",
    sql: `
      CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE watch (
        series TEXT PRIMARY KEY,
        flag TEXT NOT NULL,
        active INTEGER NOT NULL,
        body TEXT NOT NULL,
        memory TEXT NOT NULL,
        findings TEXT,
        breach TEXT,
        acted TEXT,
        advance_at INTEGER NOT NULL,
        told_at INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE INDEX watch_flag ON watch (flag, told_at);
      CREATE TABLE point (
        series TEXT NOT NULL,
        place TEXT NOT NULL,
        at INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (series, place, at)
      ) WITHOUT ROWID;
      CREATE TABLE automatic_kill (flag TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;`,
  },
];
