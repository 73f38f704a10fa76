import { ownOf } from "../../../own.ts";
import { countOver, mergeSketches, thresholdBin } from "../../../telemetry/latency-sketch.ts";
import { ENOUGH_CONTROL_UNITS } from "../../statistics/guard-memory.ts";
import { SHARES } from "../../statistics/statistic.ts";
import { counted, type MetricTest } from "../metric-test.ts";
import type { Settings, Totals } from "./schema.ts";

/** Blocks are looked back through until so many control units are found: what is slow changes with the hour. */
const PLENTY = 500;

export const test: MetricTest<Settings, Totals> = {
  sample({ blocks }, { name }, _variant, { thresholds }) {
    const bins = ownOf(thresholds, name) ?? {};
    let units = 0;
    let over = 0;
    for (const block of blocks) {
      const threshold = bins[block.block];
      if (threshold === undefined) continue;
      units += block.units;
      over += countOver(new Map(block.bins), threshold);
    }
    return counted(units, over);
  },
  reported: ({ units }) => units,
  statistic: SHARES,
  breaksCircuit: false,
  // Its threshold is the concurrent control's.
  comparesWithEarlier: false,
  /**
   * A block's threshold comes from units that were exposed before the block began, so it is known before any unit it
   * will judge; units of blocks without one are left out for good.
   */
  remember({ arms, control: controlArm }, metric, totalsOf, memory) {
    const known = { ...ownOf(memory.thresholds, metric.name) };
    const next = { ...memory, thresholds: { ...memory.thresholds, [metric.name]: known } };
    if (controlArm === null) return next;
    const blocksOf = (variant: string) => [...(totalsOf(variant)?.blocks ?? [])];
    const seen = arms.flatMap(({ variant }) => blocksOf(variant));
    const control = blocksOf(controlArm).sort((a, b) => b.block - a.block);
    for (const block of new Set(seen.map((one) => one.block)))
      if (known[block] === undefined) {
        const bin = thresholdBefore(block, control, metric);
        if (bin !== null) known[block] = bin;
      }
    return next;
  },
};

/** @param control the control's blocks, the latest first */
function thresholdBefore(block: number, control: Totals["blocks"], { quantile, factor }: Settings): number | null {
  let units = 0;
  let sketch: ReadonlyMap<number, number> = new Map();
  for (const earlier of control) {
    if (earlier.block >= block) continue;
    units += earlier.units;
    sketch = mergeSketches(sketch, new Map(earlier.bins));
    if (units >= PLENTY) break;
  }
  return units < ENOUGH_CONTROL_UNITS ? null : thresholdBin(sketch, quantile, factor);
}
