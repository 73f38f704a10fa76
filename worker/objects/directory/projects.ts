export interface ProjectRecord {
  key: string;
  name: string;
  createdAt: string;
}

/** The installation's projects, as their stores have told of them. Within the caller's transaction. */
export class Projects {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** When the last project of this name was deleted (epoch ms), 0: none was; null: there is no project of this name. */
  deletionsOf(key: string): number | null {
    const [row] = this.#sql.exec<{ deletions: number }>("SELECT deletions FROM project WHERE key = ?", key);
    return row?.deletions ?? null;
  }

  /** Enters a project, or renames it. */
  enter(key: string, name: string, createdAt: number, deletions: number): void {
    this.#sql.exec(
      `INSERT INTO project (key, name, created_at, deletions) VALUES (?, ?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET name = excluded.name, deletions = max(deletions, excluded.deletions)`,
      key,
      name,
      createdAt,
      deletions,
    );
  }

  remove(key: string): void {
    this.#sql.exec("DELETE FROM project WHERE key = ?", key);
  }

  /** The oldest first. */
  list(): ProjectRecord[] {
    const rows = this.#sql.exec<{ key: string; name: string; created_at: number }>(
      "SELECT * FROM project ORDER BY created_at, key",
    );
    return [...rows].map(({ key, name, created_at }) => ({ key, name, createdAt: new Date(created_at).toISOString() }));
  }
}
