/** Three periods are kept, so an id is known for at least two of them (ms): 25 h, an hour more than events may be late. */
export const PERIOD_MS = 12.5 * 3_600_000;
const SLOTS = 3;

/**
 * Ids of events whose unit's row does not hold them, exactly, in one table per period of time. A period that is over is
 * dropped as a whole, which costs no writes; single rows with an index on their time would cost two each.
 */
export class EventIds {
  readonly #sql: SqlStorage;
  #period: number | null = null;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Those of the ids that are kept here. */
  known(ids: readonly string[]): Set<string> {
    const slots = Array.from({ length: SLOTS }, (_, slot) => `SELECT id FROM event_${slot} WHERE id = value`);
    const rows = this.#sql.exec<{ id: string }>(
      `SELECT value AS id FROM json_each(?) WHERE EXISTS (${slots.join(" UNION ALL ")})`,
      JSON.stringify(ids),
    );
    return new Set(Array.from(rows, ({ id }) => id));
  }

  /** Keeps ids, in the period of this moment. Within a transaction. */
  keep(ids: readonly string[], now: number): void {
    if (ids.length === 0) return;
    const slot = this.turn(now) % SLOTS;
    this.#sql.exec(
      `INSERT INTO event_${slot} (id) SELECT value FROM json_each(?) WHERE true ON CONFLICT DO NOTHING`,
      JSON.stringify(ids),
    );
  }

  /** Forgets every id of a unit. */
  forget(unit: string): void {
    for (let slot = 0; slot < SLOTS; slot++)
      this.#sql.exec(`DELETE FROM event_${slot} WHERE id >= ? AND id < ?`, unit, `${unit}~`);
  }

  /**
   * The period that ids of now belong to; its table is emptied when it begins. A clock that is set back goes on in the
   * latest period. Within a transaction.
   */
  turn(now: number): number {
    this.#period ??= this.#sql.exec<{ period: number | null }>("SELECT max(period) AS period FROM period").one().period;
    const current = Math.floor(now / PERIOD_MS);
    const known = this.#period;
    if (known === null || current > known) {
      this.expire(now);
      this.#sql.exec("INSERT OR REPLACE INTO period (slot, period) VALUES (?, ?)", current % SLOTS, current);
      this.#period = current;
    }
    return this.#period as number;
  }

  /** The oldest period of which ids are still honoured, when `period` is the present one. */
  static oldest(period: number): number {
    return period - SLOTS + 1;
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
      this.#sql.exec(`DROP TABLE event_${slot}`);
      this.#sql.exec(`CREATE TABLE event_${slot} (id TEXT PRIMARY KEY) WITHOUT ROWID`);
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

/** So many ids are remembered at least; twice as many at most. */
const RECENT = 10_000;

/**
 * Ids of events that nothing watches, in memory alone: a retry within the life of this memory is known for one, a later
 * one is counted once more.
 */
export class RecentIds {
  #recent = new Set<string>();
  #before = new Set<string>();

  has(id: string): boolean {
    return this.#recent.has(id) || this.#before.has(id);
  }

  add(id: string): void {
    if (this.#recent.size >= RECENT) {
      this.#before = this.#recent;
      this.#recent = new Set();
    }
    this.#recent.add(id);
  }

  clear(): void {
    this.#recent.clear();
    this.#before.clear();
  }

  forget(unit: string): void {
    for (const ids of [this.#recent, this.#before]) for (const id of ids) if (id.startsWith(unit)) ids.delete(id);
  }
}
