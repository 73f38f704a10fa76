import type { Metric, Series } from "../../schema/series.ts";
import type { MetricTotals } from "../../schema/telemetry.ts";
import type { Counters } from "../../telemetry/counters.ts";
import type { Fold, Lane, OutcomeEvent, UnitRecord } from "../../telemetry/unit-record.ts";

/** One unit of one series, and where its metric is counted. */
export interface Folding {
  readonly series: Series;
  readonly lane: Lane;
  readonly record: UnitRecord;
  readonly counters: Counters;
  /** The metric's place in the series. */
  readonly index: number;
  /** What the names of the metric's counters begin with. */
  readonly prefix: string;
}

/**
 * How events of a metric become counts, and how counts add up. How an event becomes a count must be settled before the
 * first one: no count may depend on later events.
 */
export interface MetricTally<Settings extends Metric = Metric, Totals extends MetricTotals = MetricTotals> {
  /** How long (ms) after a cohort's end its units are decided; null for metrics that count at once (cohort.ts). */
  waitMs(metric: Settings, series: Series): number | null;
  /**
   * Folds an outcome into the unit's one outcome and counts what changes by it.
   *
   * @returns what the unit's events come to now; null when this one changes nothing
   */
  fold(folding: Folding, metric: Settings, known: Fold | null, outcome: OutcomeEvent): Fold | null;
  empty(): Totals;
  /** Takes one counter into the totals; `name` is what follows the prefix. */
  read?(totals: Totals, name: readonly string[], value: number): void;
  /** The same for what is decided by waiting. */
  readDecided?(totals: Totals, what: string, value: number, metric: Settings): void;
  /** Once all counters are read. */
  finish?(totals: Totals, exposed: number): void;
  /** Adds up two shards. A unit lives in one, so nothing is counted twice. */
  add(one: Totals, other: Totals): Totals;
}
