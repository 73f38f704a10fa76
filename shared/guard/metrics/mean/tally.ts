import type { Series } from "../../../schema/series.ts";
import { cohortOf, isOpen } from "../../../telemetry/cohort.ts";
import { add } from "../../../telemetry/counters.ts";
import type { MetricTally } from "../metric-tally.ts";
import type { Settings, Totals } from "./schema.ts";

/** Values may arrive this long (ms) after their unit's window. */
const ARRIVAL_GRACE_MS = 5_000;

const waitOf = ({ windowSeconds }: Series): number => windowSeconds * 1_000 + ARRIVAL_GRACE_MS;

const bounded = ({ min, max }: Settings, value: number): number => Math.min(max, Math.max(min, value));

export const tally: MetricTally<Settings, Totals> = {
  waitMs: (_, series) => waitOf(series),
  fold({ series, record, counters, prefix }, metric, known, outcome) {
    const count = known?.[0] ?? 0;
    if (outcome.value === undefined || count >= series.outcomes) return null;
    const wait = waitOf(series);
    if (!isOpen(record.arrivedAt, wait, outcome.arrivedAt)) return null;
    const cohort = `${prefix}c.${cohortOf(record.arrivedAt, wait)}.`;
    const sum = (known?.[1] ?? 0) + outcome.value;
    const before = known === null ? 0 : bounded(metric, known[1]);
    const after = bounded(metric, sum);
    if (known === null) add(counters, `${cohort}reporting`, 1);
    add(counters, `${cohort}sum`, after - before);
    add(counters, `${cohort}squares`, after * after - before * before);
    return [count + 1, sum];
  },
  empty: () => ({ kind: "mean", units: 0, sum: 0, sumSquares: 0 }),
  readDecided(totals, what, value, metric) {
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
  },
  finish(totals) {
    // Rounding may leave a sum of squares a hair below nothing.
    totals.sumSquares = Math.max(0, totals.sumSquares);
  },
  add: (one, other) => ({
    ...one,
    units: one.units + other.units,
    sum: one.sum + other.sum,
    sumSquares: one.sumSquares + other.sumSquares,
  }),
};
