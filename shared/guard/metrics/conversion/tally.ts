import { add } from "../../../telemetry/counters.ts";
import { armPrefix, countHit } from "../../../telemetry/unit-record.ts";
import type { MetricTally } from "../metric-tally.ts";
import type { Settings, Totals } from "./schema.ts";

export const tally: MetricTally<Settings, Totals> = {
  waitMs: () => null,
  fold({ series, lane, record, counters, index, prefix }, _, known, { ok }) {
    if (known !== null || ok === false) return null;
    countHit(counters, record, prefix, "conversions");
    const { country, device } = record;
    const arm = armPrefix(lane, record.arm);
    // Breakdowns show conversions of the first conversion metric.
    if (series.metrics.findIndex(({ kind }) => kind === "conversion") === index) {
      if (country) add(counters, `${arm}country.${country}.conversions`, 1);
      if (device) add(counters, `${arm}device.${device}.conversions`, 1);
    }
    return [1, 1];
  },
  empty: () => ({ kind: "conversion", units: 0, conversions: 0 }),
  read(totals, [field], value) {
    if (field === "conversions") totals.conversions = value;
  },
  finish(totals, exposed) {
    totals.units = exposed;
  },
  add: (one, other) => ({ ...one, units: one.units + other.units, conversions: one.conversions + other.conversions }),
};
