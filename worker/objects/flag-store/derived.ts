/** How far what is derived from documents has come, by name. No backup holds it: a restore begins it anew. */
export class Derived {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  get(name: string): string | undefined {
    const [row] = this.#sql.exec<{ value: string }>("SELECT value FROM derived WHERE name = ?", name);
    return row?.value;
  }

  set(name: string, value: string): void {
    this.#sql.exec("INSERT OR REPLACE INTO derived (name, value) VALUES (?, ?)", name, value);
  }
}
