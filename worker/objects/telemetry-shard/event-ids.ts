/** Three periods are kept, so an id is known for at least two of them (ms): 25 h, an hour more than events may be late. */
export const PERIOD_MS = 12.5 * 3_600_000;
const SLOTS = 3;

/**
 * Ids of events seen, exactly, in one table per period of time. A period that is over is emptied as a whole, which
 * costs SQLite no more than dropping its pages; single rows with an index on their time would cost two writes each.
 */
export class EventIds {
  readonly #sql: SqlStorage;
  #period: number | null = null;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Remembers ids; answers with those that are new. One statement, whatever their number. Within a transaction. */
  remember(ids: readonly string[], now: number): Set<string> {
    const slot = this.#turn(now);
    const [before, earlier] = [(slot + 1) % SLOTS, (slot + 2) % SLOTS];
    const rows = this.#sql.exec<{ id: string }>(
      `INSERT INTO event_${slot} (id)
       SELECT value FROM json_each(?)
       WHERE NOT EXISTS (SELECT 1 FROM event_${before} AS seen WHERE seen.id = value)
         AND NOT EXISTS (SELECT 1 FROM event_${earlier} AS seen WHERE seen.id = value)
       ON CONFLICT DO NOTHING RETURNING id`,
      JSON.stringify(ids),
    );
    return new Set(Array.from(rows, ({ id }) => id));
  }

  /** Forgets every id of a unit. */
  forget(unit: string): void {
    for (let slot = 0; slot < SLOTS; slot++)
      this.#sql.exec(`DELETE FROM event_${slot} WHERE id >= ? AND id < ?`, unit, `${unit}~`);
  }

  /** The slot to write to, emptied when a new period begins. A clock that is set back goes on in the latest period. */
  #turn(now: number): number {
    this.#period ??= this.#sql.exec<{ period: number | null }>("SELECT max(period) AS period FROM period").one().period;
    const current = Math.floor(now / PERIOD_MS);
    const known = this.#period;
    if (known === null || current > known) {
      this.expire(now);
      this.#sql.exec("INSERT OR REPLACE INTO period (slot, period) VALUES (?, ?)", current % SLOTS, current);
      this.#period = current;
    }
    return (this.#period as number) % SLOTS;
  }

  /**
   * Empties the periods that are over: whatever lies three back or more, also when the clock jumped or nobody came for
   * days.
   *
   * @returns whether ids are left
   */
  expire(now: number): boolean {
    const oldest = Math.floor(now / PERIOD_MS) - SLOTS;
    for (const { slot } of [...this.#sql.exec<{ slot: number }>("SELECT slot FROM period WHERE period <= ?", oldest)]) {
      this.#sql.exec(`DELETE FROM event_${slot}`);
      this.#sql.exec("DELETE FROM period WHERE slot = ?", slot);
    }
    this.reload();
    return this.#sql.exec<{ held: number }>("SELECT count(*) AS held FROM period").one().held > 0;
  }

  /** After a transaction that was taken back. */
  reload(): void {
    this.#period = null;
  }
}
