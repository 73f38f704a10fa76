import { ownOf } from "../../own.ts";
import type { Metric, Series } from "../../schema/series.ts";
import type { ArmTotals, MetricTotals } from "../../schema/telemetry.ts";
import { countOver, mergeSketches, thresholdBin } from "../../telemetry/latency-sketch.ts";
import { type Moments, minus } from "./mean-test.ts";

/**
 * What must be remembered between two looks, because it was decided at a moment: latency thresholds by metric and
 * block, and where the tests of means begin.
 */
export interface GuardMemory {
  /** Metric → block → bin of the latency sketch. Fixed once, from the control's earlier blocks. */
  thresholds: Record<string, Record<string, number>>;
  /** Metric → the centre of its test, and the arms' totals when it was fixed: only later units are tested. */
  centres: Record<string, { centre: number; from: Record<string, Moments> }>;
}
export const EMPTY_MEMORY: GuardMemory = { thresholds: {}, centres: {} };

/** Control units that a threshold or a centre is made of, at least. Fewer say little about a 95th percentile. */
const ENOUGH = 50;
/** Blocks are looked back through until so many control units are found: what is slow changes with the hour. */
const PLENTY = 500;
export const NONE: Moments = { units: 0, sum: 0, sumSquares: 0 };

type Arms = Readonly<Record<string, ArmTotals>>;

/**
 * Fixes what can be fixed by now, and keeps what was. A block's threshold comes from units that were exposed before the
 * block began, so it is known before any unit it will judge; units of blocks without one are left out for good.
 */
export function remember(series: Series, arms: Arms, memory: GuardMemory): GuardMemory {
  const next: GuardMemory = { thresholds: { ...memory.thresholds }, centres: { ...memory.centres } };
  for (const metric of series.metrics) {
    if (metric.kind === "slow") next.thresholds[metric.name] = thresholds(series, metric, arms, memory);
    if (metric.kind !== "mean" || ownOf(next.centres, metric.name) || series.control === null) continue;
    const control = moments(totalsOf(arms, series.control, metric));
    if (control.units < ENOUGH) continue;
    const from = series.arms.map(({ variant }) => [variant, moments(totalsOf(arms, variant, metric))] as const);
    next.centres[metric.name] = { centre: control.sum / control.units, from: Object.fromEntries(from) };
  }
  return next;
}

function thresholds(series: Series, metric: Extract<Metric, { kind: "slow" }>, arms: Arms, memory: GuardMemory) {
  const known = { ...ownOf(memory.thresholds, metric.name) };
  if (series.control === null) return known;
  const seen = series.arms.flatMap(({ variant }) => blocksOf(totalsOf(arms, variant, metric)));
  const control = blocksOf(totalsOf(arms, series.control, metric)).sort((a, b) => b.block - a.block);
  for (const block of new Set(seen.map((one) => one.block))) {
    if (known[block] !== undefined) continue;
    let units = 0;
    let sketch: ReadonlyMap<number, number> = new Map();
    for (const earlier of control) {
      if (earlier.block >= block) continue;
      units += earlier.units;
      sketch = mergeSketches(sketch, new Map(earlier.bins));
      if (units >= PLENTY) break;
    }
    const bin = units < ENOUGH ? null : thresholdBin(sketch, metric.quantile, metric.factor);
    if (bin !== null) known[block] = bin;
  }
  return known;
}

/** What a test takes of one arm: units with an outcome, and of them those with the event (of a mean, the values). */
export function sampleOf(metric: Metric, arm: ArmTotals | undefined, variant: string, memory: GuardMemory): Moments {
  const totals = ownOf(arm?.metrics, metric.name);
  if (totals?.kind !== metric.kind) return NONE;
  switch (totals.kind) {
    case "error":
    case "missing":
      return counted(totals.units, totals.failures);
    case "conversion":
      return counted(totals.units, totals.conversions);
    case "slow": {
      const bins = ownOf(memory.thresholds, metric.name) ?? {};
      let units = 0;
      let over = 0;
      for (const block of totals.blocks) {
        const threshold = bins[block.block];
        if (threshold === undefined) continue;
        units += block.units;
        over += countOver(new Map(block.bins), threshold);
      }
      return counted(units, over);
    }
    case "mean": {
      const from = ownOf(ownOf(memory.centres, metric.name)?.from, variant);
      return from ? minus(moments(totals), from) : moments(totals);
    }
  }
}

const totalsOf = (arms: Arms, variant: string, { name }: Metric): MetricTotals | undefined =>
  ownOf(ownOf(arms, variant)?.metrics, name);

const counted = (units: number, events: number): Moments => ({ units, sum: events, sumSquares: events });

const moments = (totals: MetricTotals | undefined): Moments =>
  totals?.kind === "mean" ? { units: totals.units, sum: totals.sum, sumSquares: totals.sumSquares } : NONE;

const blocksOf = (totals: MetricTotals | undefined) => (totals?.kind === "slow" ? [...totals.blocks] : []);
