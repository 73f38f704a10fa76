import { ownOf } from "../../../own.ts";
import { ENOUGH_CONTROL_UNITS } from "../../statistics/guard-memory.ts";
import { type Moments, minus, NOTHING } from "../../statistics/mean-test.ts";
import { MEANS } from "../../statistics/statistic.ts";
import type { MetricTest } from "../metric-test.ts";
import type { Settings, Totals } from "./schema.ts";

const moments = (totals: Totals | undefined): Moments =>
  totals ? { units: totals.units, sum: totals.sum, sumSquares: totals.sumSquares } : NOTHING;

export const test: MetricTest<Settings, Totals> = {
  sample(totals, { name }, variant, { centres }) {
    const from = ownOf(ownOf(centres, name)?.from, variant);
    return from ? minus(moments(totals), from) : moments(totals);
  },
  // Exposed units count with 0 before they send anything, so only a value tells that events arrive.
  reported: ({ units, sumSquares }) => (sumSquares > 0 ? units : 0),
  statistic: MEANS,
  breaksCircuit: false,
  comparesWithEarlier: false,
  remember({ arms, control: controlArm }, { name }, totalsOf, memory) {
    if (ownOf(memory.centres, name) || controlArm === null) return memory;
    const control = moments(totalsOf(controlArm));
    if (control.units < ENOUGH_CONTROL_UNITS) return memory;
    const from = Object.fromEntries(arms.map(({ variant }) => [variant, moments(totalsOf(variant))]));
    return { ...memory, centres: { ...memory.centres, [name]: { centre: control.sum / control.units, from } } };
  },
};
