import type { Metric, Series } from "../../schema/series.ts";
import type { MetricTotals } from "../../schema/telemetry.ts";
import type { GuardMemory } from "../statistics/guard-memory.ts";
import type { Moments } from "../statistics/mean-test.ts";
import type { Statistic } from "../statistics/statistic.ts";

/** Which sample the counts of a metric are, and which statistical test judges it. */
export interface MetricTest<M extends Metric = Metric, T extends MetricTotals = MetricTotals> {
  /** What the test takes of one arm: units with an outcome, and of them those with the event (or their values). */
  sample(totals: T, metric: M, variant: string, memory: GuardMemory): Moments;
  /** Units of one arm that sent an event which feeds the metric: with none in any arm, nothing can be seen. */
  reported(totals: T): number;
  /** Whether nothing can have been counted yet, since its units are decided only after a wait; left out: never. */
  isUndecided?(totals: T): boolean;
  statistic: Statistic<M>;
  /** Also trips by itself, beyond the metric's budget, where the event means that the app is broken for the unit. */
  breaksCircuit: boolean;
  /** What the control did in an earlier series may be held against an arm without one. */
  comparesWithEarlier: boolean;
  /** Fixes what can be fixed by now and keeps what was. Missing: nothing has to be remembered. */
  remember?(series: Series, metric: M, totalsOf: (variant: string) => T | undefined, memory: GuardMemory): GuardMemory;
}

export const counted = (units: number, events: number): Moments => ({ units, sum: events, sumSquares: events });
