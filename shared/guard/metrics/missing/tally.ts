import { cohortOf, isOpen } from "../../../telemetry/cohort.ts";
import { add } from "../../../telemetry/counters.ts";
import type { MetricTally } from "../metric-tally.ts";
import type { Settings, Totals } from "./schema.ts";

const waitOf = ({ afterSeconds }: Settings): number => afterSeconds * 1_000;

export const tally: MetricTally<Settings, Totals> = {
  waitMs: waitOf,
  fold({ record, counters, prefix }, metric, known, outcome) {
    if (known !== null) return null;
    const wait = waitOf(metric);
    const inTime = isOpen(record.arrivedAt, wait, outcome.arrivedAt);
    if (inTime) add(counters, `${prefix}c.${cohortOf(record.arrivedAt, wait)}.answered`, 1);
    return [1, inTime ? 1 : 0];
  },
  empty: () => ({ kind: "missing", units: 0, failures: 0 }),
  readDecided(totals, what, value) {
    if (what === "exposed") {
      totals.units += value;
      totals.failures += value;
    } else if (what === "answered") totals.failures -= value;
  },
  add: (one, other) => ({ ...one, units: one.units + other.units, failures: one.failures + other.failures }),
};
