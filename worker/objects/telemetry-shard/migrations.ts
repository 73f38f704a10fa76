import type { Migration } from "../kernel/migrations.ts";

/** Append-only, as every list of migrations. */
export const TELEMETRY_MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-telemetry",
    sql: `
      CREATE TABLE series (
        no INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        flag TEXT NOT NULL,
        spec TEXT NOT NULL,
        seen_at INTEGER NOT NULL,
        closed_at INTEGER
      );
      CREATE TABLE exposure (
        series INTEGER NOT NULL,
        lane INTEGER NOT NULL,
        unit TEXT NOT NULL,
        record TEXT NOT NULL,
        PRIMARY KEY (series, lane, unit)
      ) WITHOUT ROWID;
      CREATE TABLE counter (
        series INTEGER NOT NULL,
        name TEXT NOT NULL,
        value REAL NOT NULL,
        PRIMARY KEY (series, name)
      ) WITHOUT ROWID;
      CREATE TABLE period (slot INTEGER PRIMARY KEY, period INTEGER NOT NULL);
      CREATE TABLE event_0 (id TEXT PRIMARY KEY) WITHOUT ROWID;
      CREATE TABLE event_1 (id TEXT PRIMARY KEY) WITHOUT ROWID;
      CREATE TABLE event_2 (id TEXT PRIMARY KEY) WITHOUT ROWID;`,
  },
  {
    name: "0002-traffic",
    sql: `
      CREATE TABLE traffic (
        hour INTEGER NOT NULL,
        name TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (hour, name)
      ) WITHOUT ROWID;`,
  },
  {
    name: "0003-unit-rows",
    // Older code would count people again whose records lie in the new tables.
    breaking: true,
    sql: `
      CREATE TABLE unit_period (period INTEGER PRIMARY KEY, series TEXT NOT NULL);
      CREATE TABLE counter_page (
        series INTEGER NOT NULL,
        page INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (series, page)
      ) WITHOUT ROWID;`,
  },
];
