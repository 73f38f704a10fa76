/**
 * Append-only. A migration that has been released is never edited: add another. Additive ones (new tables, new columns
 * with a default) leave everything that older code reads and writes as it was, so that a deployment can be rolled back.
 */
export interface Migration {
  name: string;
  sql: string;
  /** Older code would misread or damage the data: it refuses to start on a database that has this. */
  breaking?: true;
}

const OLDER_THAN_DATA = "older-than-data";

/** This code is older than the database, by a breaking migration. */
export class OlderThanData extends Error {
  constructor(migration: string) {
    super(`${OLDER_THAN_DATA}: the database has the migration "${migration}", which this code must not work without`);
  }
}

/** Also of an error that came out of another object: only its message crosses. */
export const isOlderThanData = (error: unknown): boolean =>
  error instanceof Error && error.message.includes(OLDER_THAN_DATA);

/**
 * Brings the database up to date. The applied list begins as this one does, or it is another history. What follows in
 * it was applied by newer code: additive migrations are none of this code's business, a breaking one stops it.
 */
export function migrate(storage: DurableObjectStorage, migrations: readonly Migration[]): void {
  const { sql } = storage;
  storage.transactionSync(() => {
    prepareList(sql);
    const applied = sql
      .exec<{ name: string; breaking: number }>("SELECT name, breaking FROM migration ORDER BY position")
      .toArray();
    for (const [position, { name, breaking }] of applied.entries()) {
      const known = migrations[position];
      if (known?.name === name) continue;
      if (breaking) throw new OlderThanData(name);
      if (known)
        throw new Error(`migration ${position + 1} is "${name}" in the database and "${known.name}" in this code`);
    }
    for (const [position, migration] of migrations.entries()) {
      if (position < applied.length) continue;
      sql.exec(migration.sql);
      sql.exec(
        "INSERT INTO migration (position, name, breaking) VALUES (?, ?, ?)",
        position,
        migration.name,
        migration.breaking ? 1 : 0,
      );
    }
  });
}

/** Versions before this one noted no kind; all that they released is additive. */
function prepareList(sql: SqlStorage): void {
  sql.exec(
    "CREATE TABLE IF NOT EXISTS migration (position INTEGER PRIMARY KEY, name TEXT NOT NULL, breaking INTEGER NOT NULL DEFAULT 0)",
  );
  const columns = sql.exec<{ name: string }>("SELECT name FROM pragma_table_info('migration')").toArray();
  if (!columns.some(({ name }) => name === "breaking"))
    sql.exec("ALTER TABLE migration ADD COLUMN breaking INTEGER NOT NULL DEFAULT 0");
}
