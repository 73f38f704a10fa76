import { EXCLUSION_MARKS } from "../../../shared/schema/telemetry.ts";
import type { Fold, Lane, UnitRecord } from "../../../shared/telemetry/tally.ts";

/** As a row holds it: arm, at, arrivedAt, revision, marks as bits, conflict 0/1, country, device, folds, shift if any. */
type Packed = [number, number, number, number, number, 0 | 1, string | 0, string | 0, (Fold | null)[], number?];

function pack(record: UnitRecord): Packed {
  const { arm, at, arrivedAt, revision, marks, conflict, country, device, folds, shift } = record;
  const bits = marks.reduce((sum, mark) => sum | (1 << EXCLUSION_MARKS.indexOf(mark)), 0);
  const packed: Packed = [arm, at, arrivedAt, revision, bits, conflict ? 1 : 0, country ?? 0, device ?? 0, folds];
  if (shift) packed.push(shift);
  return packed;
}

function unpack(text: string): UnitRecord {
  const [arm, at, arrivedAt, revision, bits, conflict, country, device, folds, shift] = JSON.parse(text) as Packed;
  const marks = EXCLUSION_MARKS.filter((_, index) => bits & (1 << index));
  const record: UnitRecord = { arm, at, arrivedAt, revision, marks, folds };
  if (conflict) record.conflict = true;
  if (country) record.country = country;
  if (device) record.device = device;
  if (shift) record.shift = shift;
  return record;
}

interface Page {
  readonly series: number;
  readonly lane: Lane;
  readonly wanted: Set<string>;
  readonly records: Map<string, UnitRecord>;
  readonly changed: Set<string>;
}

/**
 * The exposure records that one batch touches: read with one statement per series and lane, and written back with one.
 */
export class ExposureRecords {
  readonly #sql: SqlStorage;
  readonly #pages = new Map<string, Page>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  #page(series: number, lane: Lane): Page {
    const key = `${series}.${lane}`;
    let page = this.#pages.get(key);
    if (!page) {
      page = { series, lane, wanted: new Set(), records: new Map(), changed: new Set() };
      this.#pages.set(key, page);
    }
    return page;
  }

  want(series: number, lane: Lane, unit: string): void {
    this.#page(series, lane).wanted.add(unit);
  }

  read(): void {
    for (const { series, lane, wanted, records } of this.#pages.values()) {
      const rows = this.#sql.exec<{ unit: string; record: string }>(
        "SELECT unit, record FROM exposure WHERE series = ? AND lane = ? AND unit IN (SELECT value FROM json_each(?))",
        series,
        lane,
        JSON.stringify([...wanted]),
      );
      for (const { unit, record } of rows) records.set(unit, unpack(record));
    }
  }

  get(series: number, lane: Lane, unit: string): UnitRecord | undefined {
    return this.#page(series, lane).records.get(unit);
  }

  put(series: number, lane: Lane, unit: string, record: UnitRecord): void {
    const page = this.#page(series, lane);
    page.records.set(unit, record);
    page.changed.add(unit);
  }

  write(): void {
    for (const { series, lane, records, changed } of this.#pages.values()) {
      if (changed.size === 0) continue;
      const rows = [...changed].map((unit) => [unit, JSON.stringify(pack(records.get(unit) as UnitRecord))]);
      this.#sql.exec(
        `INSERT INTO exposure (series, lane, unit, record)
         SELECT ?, ?, value ->> 0, value ->> 1 FROM json_each(?) WHERE true
         ON CONFLICT DO UPDATE SET record = excluded.record`,
        series,
        lane,
        JSON.stringify(rows),
      );
    }
  }
}
