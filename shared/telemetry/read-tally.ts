import { tallyOf } from "../guard/metrics/tallies.ts";
import { ownOf, ownOrNew } from "../own.ts";
import type { Metric, Series } from "../schema/series.ts";
import type { ArmTotals, DayTotals, MetricTotals, SeriesTotals } from "../schema/telemetry.ts";
import { isCohortOpen } from "./cohort.ts";
import { add, type Counters } from "./counters.ts";
import { type Lane, metricPrefix } from "./unit-record.ts";

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
    for (const metric of series.metrics) metrics[metric.name] = tallyOf(metric.kind).empty();
    arms[variant] = { exposed: 0, first: null, last: null, metrics };
    if (series.breakdown?.includes("country")) arms[variant].countries = {};
    if (series.breakdown?.includes("device")) arms[variant].devices = {};
  }
  return arms;
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
  const tally = tallyOf(metric.kind);
  const [, , , field, where, what] = parts;
  if (field === "c") {
    const wait = tally.waitMs(metric, series);
    if (wait !== null && !isCohortOpen(Number(where), wait, now))
      tally.readDecided?.(totals, what as string, value, metric);
  } else if (field === "decided") tally.readDecided?.(totals, where as string, value, metric);
  else tally.read?.(totals, parts.slice(3), value);
}

function finish(series: Series, arm: ArmTotals): void {
  for (const { kind, name } of series.metrics) {
    const totals = ownOf(arm.metrics, name);
    if (totals) tallyOf(kind).finish?.(totals, arm.exposed);
  }
}

/** Adds up decided cohorts and leaves them 0, so that a long series has few counters. Changes no total. */
export function settleCohorts(series: Series, names: Iterable<string>, counters: Counters, now: number): void {
  for (const name of [...names]) {
    const parts = name.split(".");
    if (parts[3] !== "c") continue;
    const metric = series.metrics[Number(parts[2])];
    const wait = metric ? tallyOf(metric.kind).waitMs(metric, series) : null;
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
