import type { Migration } from "../kernel/migrations.ts";

/** A row for each data centre, so that a report rewrites one row, and nothing has to be deleted. */
export const PROPAGATION_REPORTS_MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-reports",
    sql: `
      CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE centre (
        colo TEXT PRIMARY KEY,
        seen_at INTEGER NOT NULL,
        cache_works INTEGER,
        stale_served INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE served (
        environment TEXT NOT NULL,
        colo TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        kill TEXT NOT NULL,
        config TEXT NOT NULL,
        PRIMARY KEY (environment, colo)
      ) WITHOUT ROWID;`,
  },
];
