import { add } from "../../../telemetry/counters.ts";
import { countHit } from "../../../telemetry/unit-record.ts";
import type { MetricTally } from "../metric-tally.ts";
import type { Settings, Totals } from "./schema.ts";

export const tally: MetricTally<Settings, Totals> = {
  waitMs: () => null,
  fold({ series, record, counters, prefix }, _, known, { ok }) {
    const count = known?.[0] ?? 0;
    if (ok === undefined || count >= series.outcomes) return null;
    const failed = known?.[1] === 1 || !ok;
    if (count === 0) add(counters, `${prefix}units`, 1);
    if (failed && known?.[1] !== 1) countHit(counters, record, prefix, "failures");
    return [count + 1, failed ? 1 : 0];
  },
  empty: () => ({ kind: "error", units: 0, failures: 0 }),
  read(totals, [field], value) {
    if (field === "units") totals.units = value;
    else if (field === "failures") totals.failures = value;
  },
  add: (one, other) => ({ ...one, units: one.units + other.units, failures: one.failures + other.failures }),
};
