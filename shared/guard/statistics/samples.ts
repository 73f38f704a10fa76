import { ownOf } from "../../own.ts";
import type { Metric, Series } from "../../schema/series.ts";
import type { ArmTotals } from "../../schema/telemetry.ts";
import { testOf } from "../metrics/tests.ts";
import type { GuardMemory } from "./guard-memory.ts";
import { type Moments, NOTHING } from "./mean-test.ts";

/** Fixes what can be fixed by now, and keeps what was. */
export function remember(series: Series, arms: Readonly<Record<string, ArmTotals>>, memory: GuardMemory): GuardMemory {
  return series.metrics.reduce((known, metric) => {
    const totalsIn = (variant: string) => totalsOf(metric, ownOf(arms, variant));
    return testOf(metric.kind).remember?.(series, metric, totalsIn, known) ?? known;
  }, memory);
}

/** What the metric's test takes of one arm. */
export function sampleOf(metric: Metric, arm: ArmTotals | undefined, variant: string, memory: GuardMemory): Moments {
  const totals = totalsOf(metric, arm);
  return totals ? testOf(metric.kind).sample(totals, metric, variant, memory) : NOTHING;
}

/** Units of an arm that sent an event for the metric. */
export function reportedIn(metric: Metric, arm: ArmTotals | undefined): number {
  const totals = totalsOf(metric, arm);
  return totals ? testOf(metric.kind).reported(totals) : 0;
}

/** Whether the metric cannot have counted anything of an arm yet. */
export function isUndecidedIn(metric: Metric, arm: ArmTotals | undefined): boolean {
  const { isUndecided } = testOf(metric.kind);
  const totals = totalsOf(metric, arm);
  return isUndecided !== undefined && (totals === undefined || isUndecided(totals));
}

/** What an arm has counted for a metric; a metric that was of another kind has counted nothing. */
function totalsOf({ name, kind }: Metric, arm: ArmTotals | undefined) {
  const totals = ownOf(arm?.metrics, name);
  return totals?.kind === kind ? totals : undefined;
}
