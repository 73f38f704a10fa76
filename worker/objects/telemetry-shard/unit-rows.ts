import type { Lane, UnitRecord } from "../../../shared/telemetry/tally.ts";
import { type Packed, pack, unpack } from "./packed-record.ts";

/*
 * What a shard keeps of units: one row a unit, with its record in every series and the ids of its last events, so that a
 * batch writes a row for each unit and not for each event. Rows lie in tables by period of time. A row that is touched
 * later is written to the newest table; a table goes as a whole, which costs no writes, once nothing needs it.
 */

/** Tables hold so many milliseconds, ten days. */
export const UNIT_PERIOD_MS = 10 * 86_400_000;
/** Ids of one sender's kind that a row holds. What comes beyond goes to the tables of ids. */
export const IDS_IN_ROW = 64;
const ID_CHARS = 12;

export type Source = "server" | "client";
/** Ids by the period in which they came, joined: all have one length. */
type Ids = Record<string, string>;
interface UnitRow {
  /** Records by series and lane: see `placeOf`. */
  r: Record<string, Packed>;
  s: Ids;
  c: Ids;
}

const placeOf = (series: number, lane: Lane): string => `${series}.${lane}`;
const tableOf = (period: number): string => `unit_${period}`;
const idsOf = (row: UnitRow, source: Source): Ids => (source === "server" ? row.s : row.c);

function separate(ids: Ids): string[] {
  const joined = Object.values(ids).join("");
  return Array.from({ length: joined.length / ID_CHARS }, (_, n) => joined.slice(n * ID_CHARS, (n + 1) * ID_CHARS));
}

interface Held {
  row: UnitRow;
  records: Map<string, UnitRecord>;
  /** Ids that were in the row when it was read, or have been added since, by source. */
  known: Record<Source, Set<string>>;
  changed: boolean;
}

/** The rows that one batch touches: read once, written back once. Nothing outlives the batch. */
export class UnitRows {
  readonly #sql: SqlStorage;
  readonly #held = new Map<string, Held>();
  readonly #period: number;
  readonly #oldest: number;

  /**
   * @param period in which new ids come
   * @param oldest the period from which on ids are honoured
   */
  constructor(sql: SqlStorage, period: number, oldest: number) {
    this.#sql = sql;
    this.#period = period;
    this.#oldest = oldest;
  }

  want(unit: string): void {
    if (!this.#held.has(unit))
      this.#held.set(unit, {
        row: { r: {}, s: {}, c: {} },
        records: new Map(),
        known: { server: new Set(), client: new Set() },
        changed: false,
      });
  }

  /** Reads what is wanted, the newest row of each unit. */
  read(): void {
    const open = new Set(this.#held.keys());
    for (const { period } of periodsOf(this.#sql)) {
      if (open.size === 0) return;
      const rows = this.#sql.exec<{ unit: string; body: string }>(
        `SELECT unit, body FROM ${tableOf(period)} WHERE unit IN (SELECT value FROM json_each(?))`,
        JSON.stringify([...open]),
      );
      for (const { unit, body } of rows) {
        open.delete(unit);
        this.#hold(this.#held.get(unit) as Held, JSON.parse(body) as UnitRow);
      }
    }
    this.#readFormer();
  }

  #hold(held: Held, row: UnitRow): void {
    held.row = row;
    for (const source of ["server", "client"] as const) {
      const kept = idsOf(row, source);
      for (const period of Object.keys(kept)) if (Number(period) < this.#oldest) delete kept[period];
      for (const id of separate(kept)) held.known[source].add(id);
    }
  }

  /** Records that versions before these tables wrote, of units that have not been written since. */
  #readFormer(): void {
    if (!hasFormerRecords(this.#sql)) return;
    const rows = this.#sql.exec<{ series: number; lane: Lane; unit: string; record: string }>(
      "SELECT series, lane, unit, record FROM exposure WHERE unit IN (SELECT value FROM json_each(?))",
      JSON.stringify([...this.#held.keys()]),
    );
    for (const { series, lane, unit, record } of rows) {
      const { row } = this.#held.get(unit) as Held;
      row.r[placeOf(series, lane)] ??= JSON.parse(record) as Packed;
    }
  }

  record(series: number, lane: Lane, unit: string): UnitRecord | undefined {
    const held = this.#held.get(unit);
    const place = placeOf(series, lane);
    const known = held?.records.get(place);
    if (known || !held) return known;
    const packed = held.row.r[place];
    if (packed === undefined) return undefined;
    const record = unpack(packed);
    held.records.set(place, record);
    return record;
  }

  put(series: number, lane: Lane, unit: string, record: UnitRecord): void {
    const held = this.#held.get(unit) as Held;
    held.records.set(placeOf(series, lane), record);
    held.row.r[placeOf(series, lane)] = pack(record);
    held.changed = true;
  }

  isKnown(unit: string, source: Source, id: string): boolean {
    return this.#held.get(unit)?.known[source].has(id) ?? false;
  }

  /**
   * Keeps ids of a unit's events in its row.
   *
   * @returns ids that the row has no room for, or that belong to a unit without any record, to be kept apart
   */
  keepIds(unit: string, source: Source, ids: readonly string[]): string[] {
    const held = this.#held.get(unit) as Held;
    if (Object.keys(held.row.r).length === 0) return [...ids];
    const kept = idsOf(held.row, source);
    const before = separate(kept);
    held.changed = true;
    if (before.length + ids.length <= IDS_IN_ROW) {
      kept[this.#period] = (kept[this.#period] ?? "") + ids.join("");
      return [];
    }
    for (const period of Object.keys(kept)) delete kept[period];
    if (ids.length > IDS_IN_ROW) return [...before, ...ids];
    kept[this.#period] = ids.join("");
    return before;
  }

  /** Writes what changed to the newest table, within the caller's transaction. */
  write(now: number): void {
    const rows: [string, string][] = [];
    const series = new Set<number>();
    for (const [unit, { row, changed }] of this.#held) {
      if (!changed) continue;
      rows.push([unit, JSON.stringify(row)]);
      for (const place of Object.keys(row.r)) series.add(Number.parseInt(place, 10));
    }
    if (rows.length === 0) return;
    const period = turn(this.#sql, now, series);
    this.#sql.exec(
      `INSERT INTO ${tableOf(period)} (unit, body) SELECT value ->> 0, value ->> 1 FROM json_each(?) WHERE true
       ON CONFLICT DO UPDATE SET body = excluded.body`,
      JSON.stringify(rows),
    );
  }
}

interface Period {
  period: number;
  /** Series with records in its table. */
  series: Set<number>;
}

/** The tables there are, the newest first. */
function periodsOf(sql: SqlStorage): Period[] {
  const rows = sql.exec<{ period: number; series: string }>(
    "SELECT period, series FROM unit_period ORDER BY period DESC",
  );
  return [...rows].map(({ period, series }) => ({ period, series: new Set(JSON.parse(series) as number[]) }));
}

/** The period to write to; its table is there, and lists these series. A clock set back goes on in the latest period. */
function turn(sql: SqlStorage, now: number, series: ReadonlySet<number>): number {
  const [latest] = periodsOf(sql);
  const current = Math.max(Math.floor(now / UNIT_PERIOD_MS), latest?.period ?? 0);
  const listed = latest?.period === current ? latest.series : null;
  if (listed === null)
    sql.exec(`CREATE TABLE ${tableOf(current)} (unit TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID`);
  if (listed === null || [...series].some((no) => !listed.has(no))) {
    const all = [...new Set([...(listed ?? []), ...series])];
    sql.exec("INSERT OR REPLACE INTO unit_period (period, series) VALUES (?, ?)", current, JSON.stringify(all));
  }
  return current;
}

const hasFormerRecords = (sql: SqlStorage): boolean => sql.exec("SELECT 1 FROM exposure LIMIT 1").toArray().length > 0;

/** Removes every row of a unit; how many records that were. */
export function forgetUnit(sql: SqlStorage, unit: string): number {
  const places = new Set<string>();
  for (const { period } of periodsOf(sql)) {
    const rows = sql.exec<{ body: string }>(`DELETE FROM ${tableOf(period)} WHERE unit = ? RETURNING body`, unit);
    for (const { body } of rows) for (const place of Object.keys((JSON.parse(body) as UnitRow).r)) places.add(place);
  }
  if (hasFormerRecords(sql)) {
    const gone = sql.exec<{ place: string }>(
      "DELETE FROM exposure WHERE unit = ? RETURNING series || '.' || lane AS place",
      unit,
    );
    for (const { place } of gone) places.add(place);
  }
  return places.size;
}

/**
 * Removes records of series that are over: whole tables where all of theirs are, else their part of each row.
 *
 * @param isOver whether a series' records are to go
 * @param limit rows that may be written
 * @returns rows written; as many as `limit`: come again
 */
export function expireRecords(sql: SqlStorage, isOver: (series: number) => boolean, limit: number): number {
  let written = 0;
  for (const { period, series } of periodsOf(sql)) {
    const over = [...series].filter(isOver);
    if (over.length === 0) continue;
    if (over.length === series.size) {
      sql.exec(`DROP TABLE ${tableOf(period)}`);
      sql.exec("DELETE FROM unit_period WHERE period = ?", period);
      continue;
    }
    for (const no of over) {
      written += strip(sql, period, no, limit - written);
      if (written >= limit) return written;
      series.delete(no);
    }
    sql.exec("UPDATE unit_period SET series = ? WHERE period = ?", JSON.stringify([...series]), period);
  }
  return written;
}

/** Takes one series out of the rows of a table. */
function strip(sql: SqlStorage, period: number, series: number, limit: number): number {
  const table = tableOf(period);
  const path = (lane: Lane) => `$.r."${placeOf(series, lane)}"`;
  const has = `(body -> '${path(0)}' IS NOT NULL OR body -> '${path(1)}' IS NOT NULL)`;
  const stripped = `json_remove(body, '${path(0)}', '${path(1)}')`;
  const some = `unit IN (SELECT unit FROM ${table} WHERE ${has} LIMIT ?)`;
  const gone = [...sql.exec(`DELETE FROM ${table} WHERE ${some} AND ${stripped} ->> '$.r' = '{}' RETURNING 1`, limit)];
  const left = Math.max(0, limit - gone.length);
  return gone.length + [...sql.exec(`UPDATE ${table} SET body = ${stripped} WHERE ${some} RETURNING 1`, left)].length;
}
