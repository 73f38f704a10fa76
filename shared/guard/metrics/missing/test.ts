import { SHARES } from "../../statistics/statistic.ts";
import { counted, type MetricTest } from "../metric-test.ts";
import type { Settings, Totals } from "./schema.ts";

export const test: MetricTest<Settings, Totals> = {
  sample: ({ units, failures }) => counted(units, failures),
  reported: ({ units, failures }) => units - failures,
  isUndecided: ({ units }) => units === 0,
  statistic: SHARES,
  breaksCircuit: true,
  comparesWithEarlier: true,
};
