import { blockOf } from "../../../schema/series.ts";
import { add } from "../../../telemetry/counters.ts";
import { binOf } from "../../../telemetry/latency-sketch.ts";
import type { MetricTally } from "../metric-tally.ts";
import type { Settings, Totals } from "./schema.ts";

export const tally: MetricTally<Settings, Totals> = {
  waitMs: () => null,
  fold({ series, record, counters, prefix }, metric, known, { latencyMs }) {
    const count = known?.[0] ?? 0;
    if (latencyMs === undefined || count >= series.outcomes) return null;
    const bin = Math.max(known?.[1] ?? 0, binOf(latencyMs));
    const block = blockOf(record.at - series.startedAt, metric.blockSeconds);
    if (known === null) {
      add(counters, `${prefix}units`, 1);
      add(counters, `${prefix}b.${block}`, 1);
    }
    if (known === null || known[1] !== bin) {
      if (known !== null) add(counters, `${prefix}h.${block}.${known[1]}`, -1);
      add(counters, `${prefix}h.${block}.${bin}`, 1);
    }
    return [count + 1, bin];
  },
  empty: () => ({ kind: "slow", units: 0, blocks: [] }),
  read(totals, [field, block, bin], value) {
    if (field === "units") totals.units = value;
    else if (field === "b") blockAt(totals, Number(block)).units = value;
    else if (field === "h" && value > 0) blockAt(totals, Number(block)).bins.push([Number(bin), value]);
  },
  finish({ blocks }) {
    blocks.sort((a, b) => a.block - b.block);
    for (const { bins } of blocks) bins.sort(([a], [b]) => a - b);
  },
  add: (one, other) => ({
    ...one,
    units: one.units + other.units,
    blocks: addBlocks([...one.blocks, ...other.blocks]),
  }),
};

type Block = Totals["blocks"][number];

function blockAt({ blocks }: Totals, block: number): Block {
  let found = blocks.find((one) => one.block === block);
  if (!found) {
    found = { block, units: 0, bins: [] };
    blocks.push(found);
  }
  return found;
}

function addBlocks(all: readonly Block[]): Block[] {
  const blocks = new Map<number, { units: number; bins: Map<number, number> }>();
  for (const { block, units, bins } of all) {
    const sum = blocks.get(block) ?? { units: 0, bins: new Map<number, number>() };
    sum.units += units;
    for (const [bin, count] of bins) sum.bins.set(bin, (sum.bins.get(bin) ?? 0) + count);
    blocks.set(block, sum);
  }
  return [...blocks]
    .sort(([x], [y]) => x - y)
    .map(([block, { units, bins }]) => ({ block, units, bins: [...bins].sort(([x], [y]) => x - y) }));
}
