import type { Migration } from "../kernel/migrations.ts";

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
