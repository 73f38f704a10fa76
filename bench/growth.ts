import { spawnSync } from "node:child_process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { provenance, writeSection } from "./report.ts";
import { ownBundle } from "./sizes.ts";
import { type BenchFlag, FIVE, mixedFlags, mixedUser, ourSnapshot } from "./workloads.ts";

/*
 * How cost grows with the number of flags, and what a flag weighs.
 *
 *   npm run bench:growth              prints
 *   npm run bench:growth -- --write   also writes it into docs/performance.md
 */

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

/** Every flag has values of its own, so that nothing can be shared between flags: the worst case. */
function fiveRuleFlags(count: number): BenchFlag[] {
  return Array.from({ length: count }, (_, index) => ({
    key: `flag-${index}`,
    kind: "five",
    rules: {
      countries: FIVE.countries.map((country) => `${country}${index}`),
      plan: `plan-${index}`,
      major: index,
      suffix: `@shop${index}.example`,
      country: `US${index}`,
      orPlan: `other-${index}`,
      age: index,
    },
  }));
}
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

if (process.argv.includes("--fill")) {
  // The child of the heap test: text, parsed snapshot and compiled form at once, as an edge has them on a change.
  const text = JSON.stringify(ourSnapshot(fiveRuleFlags(10_000)));
  const compiled = compile(JSON.parse(text), re2);
  for (let index = 0; index < 20; index++)
    sink += evaluateAll(compiled, prepare(compiled, context(index), NOW), "server").flags.length;
  console.log(`${compiled.size} flags, ${(text.length / 2 ** 20).toFixed(1)} MiB of JSON, ${sink} characters served`);
  process.exit(0);
}

const SIZES = [10, 100, 1_000, 10_000];
const report = {
  single: Object.fromEntries(SIZES.map((count) => [count, timeSingle(count)])),
  bulkPerFlag: Object.fromEntries(SIZES.slice(1).map((count) => [count, timeBulk(count, false)])),
  flatPerFlag: Object.fromEntries(SIZES.slice(1).map((count) => [count, timeBulk(count, true)])),
  compileMilliseconds: Object.fromEntries(SIZES.slice(1).map((count) => [count, timeCompile(count)])),
  bytesPerFlag: { simple: weigh(staticFlags, 10_000), fiveRules: weigh(fiveRuleFlags, 10_000) },
  heap128: spawnSync(process.execPath, ["--max-old-space-size=128", import.meta.filename, "--fill"], {
    encoding: "utf8",
  }),
};
const rows: [what: string, result: string][] = [];
const row = (what: string, values: Record<string, number>, unit: string): void => {
  const shown = Object.entries(values).map(([key, value]) => `${key}: ${value.toFixed(value < 100 ? 1 : 0)} ${unit}`);
  rows.push([what, shown.join(", ")]);
};
row("one flag among n, five rules", report.single, "ns");
row("bulk of n mixed flags, per flag", report.bulkPerFlag, "ns");
row("the same, copied into one flat text", report.flatPerFlag, "ns");
row("compile n mixed flags", report.compileMilliseconds, "ms");
row("heap per flag of 10,000", report.bytesPerFlag, "bytes");
const fits = report.heap128.status === 0;
rows.push([
  "10,000 distinct five-rule flags in a 128 MB heap",
  fits ? `fit: ${report.heap128.stdout.trim()}` : "DO NOT FIT",
]);
for (const [what, result] of rows) console.log(`${what.padEnd(50)} ${result}`);
if (process.argv.includes("--write")) {
  writeSection("Growth", [
    "| | |",
    "| --- | --- |",
    ...rows.map(([what, result]) => `| ${what} | ${result} |`),
    "",
    "Medians. Distinct flags share no condition: the worst case for memory. The heap holds the snapshot's text, the",
    "parsed snapshot and the compiled form at once, as an edge does when a change arrives.",
    "",
    provenance("npm run bench:growth -- --write"),
  ]);
}
process.exit(fits && sink > 0 ? 0 : 1);
