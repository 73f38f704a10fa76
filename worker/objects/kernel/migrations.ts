/**
 * Append-only. A migration that has been released is never edited: add another. At boot the applied list must be a
 * prefix of this one; anything else means that the code is older than the data, and the object refuses to start
 * rather than misread it.
 */
export interface Migration {
  name: string;
  sql: string;
}

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
