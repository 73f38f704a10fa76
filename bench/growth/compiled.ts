import { spawnSync } from "node:child_process";
import path from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ownBundle } from "../sizes.ts";
import { type BenchFlag, FIVE, mixedFlags, mixedUser, ourSnapshot } from "../workloads.ts";
import { distinctFiveRuleFlags } from "./flags.ts";
import { type GrowthRow, rowOf } from "./row.ts";

// How cost grows with the number of flags once they are compiled, and what a flag weighs.

// Not read from the module at each call: its properties are slower than variables.
const { compile, evaluate, evaluateAll, prepare, re2 } = await ownBundle();
const NOW = Date.now();
const context = (index: number): object => {
  const { id, ...rest } = mixedUser(index);
  return JSON.parse(JSON.stringify({ targetingKey: id, ...rest }));
};
const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] as number;
/** Rounds until the engine has compiled what it will, so that few flags are not slower than many. */
const WARM_UP = 150;
/** Median of so many rounds, each timed by itself. */
const medianOf = (rounds: number, time: (round: number) => number, warmUp = WARM_UP): number =>
  median(Array.from({ length: warmUp + rounds }, (_, round) => time(round)).slice(warmUp));
let sink = 0;

const staticFlags = (count: number): BenchFlag[] =>
  Array.from({ length: count }, (_, index) => ({ key: `flag-${index}`, kind: "static" }));

function timeSingle(count: number): number {
  const compiled = compile(ourSnapshot([{ key: "five", kind: "five", rules: FIVE }, ...mixedFlags(count)]), re2);
  return medianOf(60, (round) => {
    const contexts = Array.from({ length: 200 }, (_, index) => context(round * 200 + index));
    const start = performance.now();
    for (const one of contexts) if (evaluate(compiled, "five", prepare(compiled, one, NOW))?.value) sink++;
    return ((performance.now() - start) * 1e6) / contexts.length;
  });
}

/** `flat`: the text as a response carries it, copied together; else as evaluateAll returns it. */
function timeBulk(count: number, flat: boolean): number {
  const compiled = compile(ourSnapshot(mixedFlags(count)), re2);
  return medianOf(40, (round) => {
    const contexts = Array.from({ length: 20 }, (_, index) => context(round * 20 + index));
    const start = performance.now();
    for (const one of contexts) {
      const { flags } = evaluateAll(compiled, prepare(compiled, one, NOW), "server");
      sink += flat ? flags.charCodeAt(flags.length >> 1) : flags.length & 1;
    }
    return ((performance.now() - start) * 1e6) / contexts.length / count;
  });
}

function timeCompile(count: number): number {
  const time = () => {
    const snapshot = ourSnapshot(mixedFlags(count));
    const start = performance.now();
    sink += compile(snapshot, re2).size;
    return performance.now() - start;
  };
  return medianOf(15, time, 15);
}

/** The engine's own, which it gives only to who asks for it by this flag. */
function garbageCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

/** Bytes of heap per compiled flag once its snapshot is gone, every flag served once. */
function weigh(flags: (count: number) => BenchFlag[], count: number): number {
  const collect = garbageCollector();
  const parse = () => JSON.parse(JSON.stringify(ourSnapshot(flags(count))));
  collect();
  const before = process.memoryUsage().heapUsed;
  const compiled = compile(parse(), re2);
  sink += evaluateAll(compiled, prepare(compiled, context(1), NOW), "server").flags.length;
  collect();
  const bytes = (process.memoryUsage().heapUsed - before) / count;
  sink += compiled.size;
  return bytes;
}

/** The child of the heap test: prints what it holds, or dies of too small a heap. */
export function fill(): void {
  // Text, parsed snapshot and compiled form at once, as an edge has them on a change.
  const text = JSON.stringify(ourSnapshot(distinctFiveRuleFlags(10_000)));
  const compiled = compile(JSON.parse(text), re2);
  for (let index = 0; index < 20; index++)
    sink += evaluateAll(compiled, prepare(compiled, context(index), NOW), "server").flags.length;
  console.log(`${compiled.size} flags, ${(text.length / 2 ** 20).toFixed(1)} MiB of JSON, ${sink} characters served`);
}

export async function compiledRows(sizes: readonly number[]): Promise<GrowthRow[]> {
  const many = sizes.filter((size) => size >= 100);
  const largest = Math.max(...sizes);
  const program = path.join(import.meta.dirname, "fill.ts");
  const child = spawnSync(process.execPath, ["--max-old-space-size=128", program], { encoding: "utf8" });
  if (child.status === 0) console.log(child.stdout.trim());
  return [
    rowOf("one flag among n, five rules", "ns", sizes, timeSingle),
    rowOf("bulk of n mixed flags, per flag", "ns", many, (count) => timeBulk(count, false)),
    rowOf("the same, copied into one flat text", "ns", many, (count) => timeBulk(count, true)),
    rowOf("compile n mixed flags", "ms", many, timeCompile),
    rowOf("heap per simple flag", "bytes", [largest], (count) => weigh(staticFlags, count)),
    rowOf("heap per five-rule flag", "bytes", [largest], (count) => weigh(distinctFiveRuleFlags, count)),
    rowOf("distinct five-rule flags do not fit a 128 MB heap", "", [largest], () => (child.status === 0 ? 0 : 1), {
      atMost: 0,
    }),
  ];
}
