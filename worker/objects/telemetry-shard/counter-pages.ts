/** Names of one page: a few kilobytes that are written together. */
const NAMES_PER_PAGE = 500;

type Row = { series: number; page: number; body: string };

/**
 * Counters in SQLite: many names in a row. What a batch counts it counts under few names, mostly the same ones as the
 * batch before and those that began with it. So names stand on a page with those that began when they did, and a batch
 * writes one or two rows a series rather than one a name. Changes of a transaction that was taken back are forgotten by
 * reading again.
 */
export class CounterPages {
  readonly #sql: SqlStorage;
  /** By series: the page of each name, and the names of each page. */
  #pages = new Map<number, { pageOf: Map<string, number>; names: Map<number, Set<string>> }>();
  /** Series with counters as versions before these pages kept them: a row each. */
  #former = new Set<number>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Every counter there is. */
  *read(): Generator<{ series: number; name: string; value: number }> {
    this.#pages = new Map();
    this.#former = new Set();
    for (const { series, page, body } of this.#sql.exec<Row>("SELECT series, page, body FROM counter_page")) {
      for (const [name, value] of Object.entries(JSON.parse(body) as Record<string, number>)) {
        this.#place(series, name, page);
        yield { series, name, value };
      }
    }
    for (const row of this.#sql.exec<{ series: number; name: string; value: number }>("SELECT * FROM counter")) {
      this.#former.add(row.series);
      yield row;
    }
  }

  /**
   * Writes what changed of a series, within the caller's transaction. A value of 0 takes the name away.
   *
   * @param current all counters of the series as they were before
   */
  write(series: number, changes: ReadonlyMap<string, number>, current: ReadonlyMap<string, number>): void {
    if (changes.size === 0) return;
    const value = (name: string): number => changes.get(name) ?? current.get(name) ?? 0;
    const dirty = new Set<number>();
    if (this.#former.delete(series)) {
      for (const name of current.keys()) dirty.add(this.#pageFor(series, name));
      this.#sql.exec("DELETE FROM counter WHERE series = ?", series);
    }
    for (const name of changes.keys()) dirty.add(this.#pageFor(series, name));
    const { names } = this.#of(series);
    const rows = [...dirty].map((page) => {
      const kept = [...(names.get(page) ?? [])].filter((name) => value(name) !== 0);
      return [page, JSON.stringify(Object.fromEntries(kept.map((name) => [name, value(name)])))];
    });
    this.#sql.exec(
      `INSERT INTO counter_page (series, page, body) SELECT ?, value ->> 0, value ->> 1 FROM json_each(?) WHERE true
       ON CONFLICT DO UPDATE SET body = excluded.body`,
      series,
      JSON.stringify(rows),
    );
  }

  remove(series: number): void {
    this.#sql.exec("DELETE FROM counter_page WHERE series = ?", series);
    this.#sql.exec("DELETE FROM counter WHERE series = ?", series);
    this.#pages.delete(series);
  }

  #of(series: number) {
    let pages = this.#pages.get(series);
    if (!pages) {
      pages = { pageOf: new Map(), names: new Map() };
      this.#pages.set(series, pages);
    }
    return pages;
  }

  /** The name's page; a new name goes to the last one while that has room. */
  #pageFor(series: number, name: string): number {
    const { pageOf, names } = this.#of(series);
    const known = pageOf.get(name);
    if (known !== undefined) return known;
    const last = Math.max(0, names.size - 1);
    const page = (names.get(last)?.size ?? 0) < NAMES_PER_PAGE ? last : last + 1;
    this.#place(series, name, page);
    return page;
  }

  #place(series: number, name: string, page: number): void {
    const { pageOf, names } = this.#of(series);
    pageOf.set(name, page);
    const own = names.get(page);
    if (own) own.add(name);
    else names.set(page, new Set([name]));
  }
}
