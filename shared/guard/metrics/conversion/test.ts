import { SHARES } from "../../statistics/statistic.ts";
import { counted, type MetricTest } from "../metric-test.ts";
import type { Settings, Totals } from "./schema.ts";

export const test: MetricTest<Settings, Totals> = {
  sample: ({ units, conversions }) => counted(units, conversions),
  reported: ({ conversions }) => conversions,
  statistic: SHARES,
  breaksCircuit: false,
  comparesWithEarlier: true,
};
