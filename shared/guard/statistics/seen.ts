import type { GuardTile } from "../../schema/guard.ts";
import type { Metric, Series } from "../../schema/series.ts";
import { METRIC_WORDS } from "../metrics/words.ts";
import { harmOf, ratioOf, shareOf } from "./guard-tests.ts";
import { detectableRate } from "./power.ts";

type Counted = Pick<GuardTile, "arm" | "units" | "events" | "alpha">;

/**
 * The least harmful rate of the treatment that the guard would have seen by now, on average: how much a silence of the
 * guard is worth. Null where even the worst would stay unseen, without a concurrent control, and for means.
 */
export function seenBy(series: Series, metric: Metric, { arm, units, events, alpha }: Counted): number | null {
  if (units.control === null || events.control === null || METRIC_WORDS[metric.kind].happened === null) return null;
  const all = units.treatment + units.control;
  if (all === 0) return null;
  const test = { share: shareOf(series, arm), ratio: ratioOf(metric), harm: harmOf(metric) };
  // Half an event: a control without any has a small rate, not none.
  const control = Math.min(0.999, Math.max(events.control, 0.5) / Math.max(1, units.control));
  const seen = detectableRate(test, control, alpha, all);
  return seen === null ? null : Number(seen.toPrecision(3));
}
