import { parseArgs } from "node:util";
import { BOUND_MS } from "../../worker/evaluation/edge/pointer-lane.ts";
import { POINTER_READS_PER_S } from "../../worker/objects/kernel/admission.ts";
import { type Distribution, type Phase, Simulation } from "./simulation.ts";

/*
 * 330 data centres and 10,000 isolates on one FlagStore, in virtual time: does a kill arrive within the bound, and what
 * do all of them ask of the store? Fails when the bound is broken while the store answers.
 *
 *   npm run sim:propagation
 *   npm run sim:propagation -- --centres=5 --isolates=200 --seconds=30 --seed=7
 */

const { values } = parseArgs({
  options: {
    centres: { type: "string", default: "330" },
    isolates: { type: "string", default: "10000" },
    seconds: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
  },
});
const [centres, isolates, seconds, seed] = [values.centres, values.isolates, values.seconds, values.seed].map(
  Number,
) as [number, number, number, number];
const simulation = new Simulation({ centres, isolates, seed });
const problems: string[] = [];

console.log(
  `${isolates} isolates in ${centres} data centres, seed ${seed}; the store admits ${POINTER_READS_PER_S} reads a second\n`,
);
console.log(
  "| phase | reads of the store a second, busiest | refused | commit → last stale answer, an isolate: median, p99, worst (ms) | last isolate of all: median, worst (ms) | answers past the bound | requests that waited, longest (ms) | answered with defaults |",
);
console.log("|---|---|---|---|---|---|---|---|");

const whole = (value: number) => Math.round(value).toLocaleString("en");
const three = ({ median, p99, worst }: Distribution) => `${whole(median)}, ${whole(p99)}, ${whole(worst)}`;

function show(phase: Phase): void {
  const { reads, refused, perIsolate, lastIsolate, late, waited, requests, nothingKnown } = phase;
  const cells = [
    phase.name,
    `${whole(reads.mean)}, ${whole(reads.peak)}`,
    whole(refused),
    three(perIsolate),
    `${whole(lastIsolate.median)}, ${whole(lastIsolate.worst)}`,
    `${whole(late)} of ${whole(requests)}`,
    `${((100 * waited.requests) / requests).toFixed(1)} %, ${whole(waited.longest)}`,
    whole(nothingKnown),
  ];
  console.log(`| ${cells.join(" | ")} |`);
}

async function phase(name: string, bound: "holds" | "weaker", options: { seconds?: number; kills?: boolean } = {}) {
  const ran = await simulation.phase(name, { seconds, ...options });
  show(ran);
  if (bound === "weaker") return;
  if (ran.late > 0) problems.push(`${name}: ${ran.late} answers were stale more than ${BOUND_MS} ms after a commit`);
  if (ran.nothingKnown > 0) problems.push(`${name}: ${ran.nothingKnown} requests were answered with defaults`);
  if (ran.kills === 0) problems.push(`${name}: nothing was killed, so nothing was shown`);
}

await phase("all isolates start at once, caches empty", "holds");
await phase("steady", "holds");
simulation.restartIsolates();
await phase("all isolates start anew, as after a deployment", "holds");
simulation.storeIsDown = true;
await phase("the store is out of reach", "weaker");
simulation.storeIsDown = false;
await phase("it is back: the first ten seconds", "weaker", { seconds: 10 });
await phase("and then", "holds");
simulation.cachesWork = false;
await phase("no data centre's Cache API works", "weaker");

for (const problem of problems) console.error(`\n${problem}`);
process.exit(problems.length > 0 ? 1 : 0);
