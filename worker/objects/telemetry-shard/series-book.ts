import { eventOf, type Series, series as seriesSchema } from "../../../shared/schema/series.ts";
import { EVENT_LIMITS } from "../../../shared/schema/telemetry.ts";
import { CounterChanges } from "../../../shared/telemetry/counters.ts";
import { readTally, settleCohorts } from "../../../shared/telemetry/read-tally.ts";
import { CounterPages } from "./counter-pages.ts";

/** A series that this shard has met, with its counters in memory as they stand in SQLite. */
export interface KnownSeries {
  readonly no: number;
  readonly flag: string;
  readonly spec: Series;
  /** Epoch ms when an edge last named it. */
  seenAt: number;
  /** Epoch ms of the first event that came with a kill of its flag. */
  closedAt: number | null;
  readonly counters: Map<string, number>;
  settledAt: number;
}

/** Counters of the shard itself are kept as series 0. */
export const SHARD_ITSELF = 0;
const TOUCH_MS = 60_000;
const SETTLE_MS = 10_000;

type SeriesRow = { no: number; id: string; flag: string; spec: string; seen_at: number; closed_at: number | null };

/**
 * The shard's series and counters: read from SQLite once, then kept in memory beside it. Changes are written in the
 * caller's transaction and reach memory only by `commit`; after one that was taken back, call `reload`.
 */
export class SeriesBook {
  readonly #sql: SqlStorage;
  readonly #pages: CounterPages;
  #series: Map<string, KnownSeries> | null = null;
  #shard = new Map<string, number>();
  #fed = new Map<string, KnownSeries[]>();
  #changes = new Map<number, CounterChanges>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#pages = new CounterPages(sql);
  }

  reload(): void {
    this.#series = null;
    this.#fed.clear();
    this.#changes.clear();
  }

  all(): ReadonlyMap<string, KnownSeries> {
    return this.#loaded();
  }

  /** The counters of the shard itself. */
  get shard(): ReadonlyMap<string, number> {
    this.#loaded();
    return this.#shard;
  }

  #loaded(): Map<string, KnownSeries> {
    if (this.#series) return this.#series;
    const byNo = new Map<number, KnownSeries>();
    const found = new Map<string, KnownSeries>();
    for (const row of this.#sql.exec<SeriesRow>("SELECT * FROM series")) {
      const known: KnownSeries = {
        no: row.no,
        flag: row.flag,
        spec: seriesSchema.parse(JSON.parse(row.spec)),
        seenAt: row.seen_at,
        closedAt: row.closed_at,
        counters: new Map(),
        settledAt: 0,
      };
      byNo.set(row.no, known);
      found.set(row.id, known);
    }
    this.#shard = new Map();
    for (const { series, name, value } of this.#pages.read())
      (series === SHARD_ITSELF ? this.#shard : byNo.get(series)?.counters)?.set(name, value);
    this.#series = found;
    return found;
  }

  /** Learns of a series; the first one to name an id settles what it means. */
  meet(flag: string, spec: Series, now: number): KnownSeries {
    const all = this.#loaded();
    let known = all.get(spec.id);
    if (!known) {
      const parsed = seriesSchema.parse(spec);
      const { no } = this.#sql
        .exec<{ no: number }>(
          "INSERT INTO series (id, flag, spec, seen_at) VALUES (?, ?, ?, ?) RETURNING no",
          spec.id,
          flag,
          JSON.stringify(parsed),
          now,
        )
        .one();
      known = { no, flag, spec: parsed, seenAt: now, closedAt: null, counters: new Map(), settledAt: now };
      all.set(spec.id, known);
      this.#fed.clear();
    } else if (Math.abs(now - known.seenAt) > TOUCH_MS) {
      known.seenAt = now;
      this.#sql.exec("UPDATE series SET seen_at = ? WHERE no = ?", now, known.no);
      this.#fed.clear();
    }
    return known;
  }

  /** A kill of a flag, or of a variant that is compared, ends its series for good: also after a restore. */
  close(killed: readonly { flag: string; variant?: string }[], now: number): void {
    if (killed.length === 0) return;
    for (const known of this.#loaded().values()) {
      if (known.closedAt !== null) continue;
      const { flag, spec } = known;
      const hit = killed.some(
        (kill) =>
          kill.flag === flag && (kill.variant === undefined || spec.arms.some((arm) => arm.variant === kill.variant)),
      );
      if (!hit) continue;
      known.closedAt = now;
      this.#sql.exec("UPDATE series SET closed_at = ? WHERE no = ?", now, known.no);
    }
  }

  /** Series that an event of this metric may belong to: also earlier ones, while a unit's window may be open. */
  fedBy(metric: string, flag: string | undefined, now: number): readonly KnownSeries[] {
    const all = this.#loaded();
    let fed = this.#fed.get(metric);
    if (!fed) {
      fed = [...all.values()].filter(({ spec }) => spec.metrics.some((one) => (eventOf(one) ?? metric) === metric));
      // Metric names come from senders: no more of them are remembered than a page of honest ones.
      if (this.#fed.size >= 1_000) this.#fed.clear();
      this.#fed.set(metric, fed);
    }
    return fed.filter(
      (known) => (flag === undefined || known.flag === flag) && now < known.seenAt + reachMs(known.spec),
    );
  }

  /**
   * Whether a series was the flag's running one then, as far as edges have told; of a series that they still name, the
   * caller knows.
   */
  ranAt({ flag, spec, seenAt }: KnownSeries, at: number): boolean {
    if (at < spec.startedAt || at > seenAt + TOUCH_MS) return false;
    for (const other of this.#loaded().values())
      if (other.flag === flag && other.spec.startedAt > spec.startedAt && other.spec.startedAt <= at) return false;
    return true;
  }

  /** The series of a flag that ran then. */
  runningAt(flag: string, at: number): KnownSeries | undefined {
    for (const known of this.#loaded().values()) if (known.flag === flag && this.ranAt(known, at)) return known;
    return undefined;
  }

  /** The counters of a series, to be changed; 0 for the shard's own. */
  counters(series: KnownSeries | typeof SHARD_ITSELF): CounterChanges {
    this.#loaded();
    const no = series === SHARD_ITSELF ? SHARD_ITSELF : series.no;
    let changes = this.#changes.get(no);
    if (!changes) {
      changes = new CounterChanges(series === SHARD_ITSELF ? this.#shard : series.counters);
      this.#changes.set(no, changes);
    }
    return changes;
  }

  /** Adds up what time has decided, now and then. */
  settle(series: KnownSeries, now: number): void {
    if (Math.abs(now - series.settledAt) < SETTLE_MS) return;
    series.settledAt = now;
    settleCohorts(series.spec, series.counters.keys(), this.counters(series), now);
  }

  /** Writes the changed counters, within the caller's transaction. */
  write(): void {
    const byNo = this.#countersByNo();
    for (const [no, { changes }] of this.#changes) this.#pages.write(no, changes, byNo.get(no) ?? new Map());
  }

  #countersByNo(): Map<number, Map<string, number>> {
    const byNo = new Map([...this.#loaded().values()].map((known) => [known.no, known.counters]));
    return byNo.set(SHARD_ITSELF, this.#shard);
  }

  /** After the transaction: memory follows. */
  commit(): void {
    const byNo = this.#countersByNo();
    for (const [no, { changes }] of this.#changes) {
      const counters = byNo.get(no);
      for (const [name, value] of changes) {
        if (value === 0) counters?.delete(name);
        else counters?.set(name, value);
      }
    }
    this.#changes.clear();
  }

  totals(known: KnownSeries, now: number) {
    return readTally(known.spec, known.counters, now);
  }

  /** Removes a series and all its counters; its exposures are the caller's. */
  remove(known: KnownSeries): void {
    this.#pages.remove(known.no);
    this.#sql.exec("DELETE FROM series WHERE no = ?", known.no);
  }
}

/** How long after an edge last named it a series can still be met by an outcome (ms). */
const reachMs = (spec: Series): number => spec.windowSeconds * 1_000 + EVENT_LIMITS.skewMs + TOUCH_MS;
