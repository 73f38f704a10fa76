import { ownOf, ownOrNew } from "../own.ts";
import type { Metric, Series } from "../schema/series.ts";
import type { ArmTotals, DayTotals, MetricTotals, SeriesTotals } from "../schema/telemetry.ts";
import { cohortWaitMs, isCohortOpen } from "./cohort.ts";
import { add, type Counters } from "./counters.ts";
import { bounded, type Lane, metricPrefix } from "./tally.ts";

/** The series' totals at a moment: cohorts that are decided by then are in them. Writes nothing. */
export function readTally(series: Series, counters: ReadonlyMap<string, number>, now: number): SeriesTotals {
  const of = (name: string) => counters.get(name) ?? 0;
  const either = (field: string) => of(`0.-.-.${field}`) + of(`1.-.-.${field}`);
  const lanes = [emptyArms(series), emptyArms(series)] as const;
  for (const [name, value] of counters) {
    const parts = name.split(".");
    const variant = series.arms[Number(parts[1])]?.variant;
    const arm = variant === undefined ? undefined : ownOf(lanes[parts[0] === "1" ? 1 : 0], variant);
    if (!arm) continue;
    if (parts[2] === "-") readArm(arm, parts, value);
    else {
      const metric = series.metrics[Number(parts[2])];
      const totals = metric && ownOf(arm.metrics, metric.name);
      if (totals) readMetric(series, metric, totals, parts, value, now);
    }
  }
  for (const arms of lanes) for (const arm of Object.values(arms)) finish(series, arm);
  return {
    arms: lanes[0],
    clientArms: series.source === "server" ? lanes[1] : {},
    unattributed: either("unattributed"),
    afterKill: either("afterKill"),
    excluded: {
      staff: either("staff"),
      bot: either("bot"),
      preview: either("preview"),
      synthetic: either("synthetic"),
    },
    mismatched: either("mismatched"),
    conflicting: either("conflicting"),
  };
}

function emptyArms(series: Series): Record<string, ArmTotals> {
  const arms: Record<string, ArmTotals> = {};
  for (const { variant } of series.arms) {
    const metrics: Record<string, MetricTotals> = {};
    for (const metric of series.metrics) metrics[metric.name] = emptyMetric(metric);
    arms[variant] = { exposed: 0, first: null, last: null, metrics };
    if (series.breakdown?.includes("country")) arms[variant].countries = {};
    if (series.breakdown?.includes("device")) arms[variant].devices = {};
  }
  return arms;
}

function emptyMetric({ kind }: Metric): MetricTotals {
  switch (kind) {
    case "error":
    case "missing":
      return { kind, units: 0, failures: 0 };
    case "slow":
      return { kind, units: 0, blocks: [] };
    case "conversion":
      return { kind, units: 0, conversions: 0 };
    case "mean":
      return { kind, units: 0, sum: 0, sumSquares: 0 };
  }
}

function readArm(arm: ArmTotals, parts: readonly string[], value: number): void {
  const [, , , field, name, count] = parts;
  if (field === "exposed") arm.exposed = value;
  else if (field === "first") arm.first = value;
  else if (field === "last") arm.last = value;
  else if (field === "country" || field === "device") {
    const record = field === "country" ? arm.countries : arm.devices;
    if (!record || name === undefined) return;
    ownOrNew(record, name, () => ({ exposed: 0, conversions: 0 }))[count === "exposed" ? "exposed" : "conversions"] =
      value;
  }
}

function readMetric(
  series: Series,
  metric: Metric,
  totals: MetricTotals,
  parts: readonly string[],
  value: number,
  now: number,
): void {
  const [, , , field, where, what] = parts;
  if (field === "c") {
    const wait = cohortWaitMs(series, metric);
    if (wait !== null && !isCohortOpen(Number(where), wait, now)) readDecided(metric, totals, what as string, value);
  } else if (field === "b" && totals.kind === "slow") blockAt(totals, Number(where)).units = value;
  else if (field === "h" && totals.kind === "slow") {
    if (value > 0) blockAt(totals, Number(where)).bins.push([Number(what), value]);
  } else if (field === "units" && totals.kind !== "conversion" && totals.kind !== "missing" && totals.kind !== "mean")
    totals.units = value;
  else if (field === "failures" && totals.kind === "error") totals.failures = value;
  else if (field === "conversions" && totals.kind === "conversion") totals.conversions = value;
  else if (field === "decided") readDecided(metric, totals, where as string, value);
}

/** What is decided: of open cohorts by now, or of older ones that were added up. */
function readDecided(metric: Metric, totals: MetricTotals, what: string, value: number): void {
  if (totals.kind === "missing") {
    if (what === "exposed") {
      totals.units += value;
      totals.failures += value;
    } else if (what === "answered") totals.failures -= value;
  } else if (totals.kind === "mean" && metric.kind === "mean") {
    // A unit that sent nothing is worth 0, or the bound next to it.
    const nothing = metric.of === "exposed" ? bounded(metric, 0) : null;
    if (what === "sum") totals.sum += value;
    else if (what === "squares") totals.sumSquares += value;
    else if (what === "exposed" && nothing !== null) {
      totals.units += value;
      totals.sum += value * nothing;
      totals.sumSquares += value * nothing * nothing;
    } else if (what === "reporting") {
      if (nothing === null) totals.units += value;
      else {
        totals.sum -= value * nothing;
        totals.sumSquares -= value * nothing * nothing;
      }
    }
  }
}

type Slow = Extract<MetricTotals, { kind: "slow" }>;

function blockAt(totals: Slow, block: number): Slow["blocks"][number] {
  let found = totals.blocks.find((one) => one.block === block);
  if (!found) {
    found = { block, units: 0, bins: [] };
    totals.blocks.push(found);
  }
  return found;
}

function finish(series: Series, arm: ArmTotals): void {
  for (const metric of series.metrics) {
    const totals = ownOf(arm.metrics, metric.name);
    if (totals?.kind === "conversion") totals.units = arm.exposed;
    if (totals?.kind === "slow") {
      totals.blocks.sort((a, b) => a.block - b.block);
      for (const { bins } of totals.blocks) bins.sort(([a], [b]) => a - b);
    }
    // Rounding may leave a sum of squares a hair below nothing.
    if (totals?.kind === "mean") totals.sumSquares = Math.max(0, totals.sumSquares);
  }
}

/** Adds up decided cohorts and leaves them 0, so that a long series has few counters. Changes no total. */
export function settleCohorts(series: Series, names: Iterable<string>, counters: Counters, now: number): void {
  for (const name of [...names]) {
    const parts = name.split(".");
    if (parts[3] !== "c") continue;
    const metric = series.metrics[Number(parts[2])];
    const wait = metric ? cohortWaitMs(series, metric) : null;
    if (wait === null || isCohortOpen(Number(parts[4]), wait, now)) continue;
    const prefix = metricPrefix(Number(parts[0]) as Lane, Number(parts[1]), Number(parts[2]));
    add(counters, `${prefix}decided.${parts[5]}`, counters.get(name) ?? 0);
    counters.set(name, 0);
  }
}

/** The series by day of first exposure, for charts; of the lane that counts. */
export function readDays(series: Series, counters: ReadonlyMap<string, number>): DayTotals[] {
  const days = new Map<string, DayTotals>();
  for (const [name, value] of counters) {
    const [lane, arm, metric, field, at] = name.split(".");
    const variant = series.arms[Number(arm)]?.variant;
    if (lane !== "0" || field !== "day" || variant === undefined) continue;
    const day = new Date(Number(at) * 86_400_000).toISOString().slice(0, 10);
    let found = days.get(day);
    if (!found) {
      found = { day, arms: {} };
      days.set(day, found);
    }
    const counts = ownOrNew<DayTotals["arms"][string]>(found.arms, variant, () => ({ exposed: 0, metrics: {} }));
    const metricName = series.metrics[Number(metric)]?.name;
    if (metric === "-") counts.exposed = value;
    else if (metricName !== undefined) counts.metrics[metricName] = value;
  }
  return [...days.values()].sort((a, b) => (a.day < b.day ? -1 : 1));
}
