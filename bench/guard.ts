import { once } from "node:events";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { upperBound } from "./guard/binomial.ts";
import type { Detection, Scenario } from "./guard/detection.ts";
import type { PlanOutcome } from "./guard/harmless.ts";
import { live } from "./guard/live.ts";
import type { Answer, Task } from "./guard/worker.ts";

/*
 * What the guards' own code (shared/guard/statistics, the modules that the Worker runs) does to harmless releases and to
 * harmful ones, on simulated units, beside what others use.
 *
 *   npm run bench:guard                    10,000 harmless plans, then detection; about two minutes on two cores
 *   npm run bench:guard -- --plans=100000  more plans
 *   npm run bench:guard -- --seed=7        other random numbers
 *   npm run bench:guard -- --live=5        instead: five times from an event at a running Worker to a kill, timed
 */

const option = (name: string, otherwise: number): number => {
  const given = process.argv.find((argument) => argument.startsWith(`--${name}=`));
  return given === undefined ? otherwise : Number(given.split("=")[1]);
};
const PLANS = option("plans", 10_000);
const SEED = option("seed", 20_261_125);
const RUNS = option("runs", 300);
const PLANS_A_TASK = 100;
const ALPHA = 0.01;

const EFFECTS = [
  { name: "errors 1 → 5 %", metric: "error", control: 0.01, treatment: 0.05 },
  { name: "slow share 3 → 5 %", metric: "slow", control: 0.03, treatment: 0.05 },
  { name: "conversion 10 → 9 %", metric: "conversion", control: 0.1, treatment: 0.09 },
  { name: "conversion 3 → 2.7 %", metric: "conversion", control: 0.03, treatment: 0.027 },
] as const;
/** Where looking at units with the event alone tells less than both kinds would: shown, and held to nothing. */
const COSTLY = [{ name: "conversion 30 → 27 % *", metric: "conversion", control: 0.3, treatment: 0.27 }] as const;

async function run(tasks: Task[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  let next = 0;
  const lanes = Math.min(availableParallelism(), tasks.length);
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      const worker = new Worker(new URL("./guard/worker.ts", import.meta.url));
      for (let task = tasks[next++]; task; task = tasks[next++]) {
        const place = tasks.indexOf(task);
        worker.postMessage(task);
        // Rejects when the worker fails.
        [answers[place]] = (await once(worker, "message")) as [Answer];
      }
      await worker.terminate();
    }),
  );
  return answers;
}

const percent = (share: number, digits = 2) => `${(100 * share).toFixed(digits)} %`;
const pad = (text: string | number, width: number) => String(text).padStart(width);

async function harmless(): Promise<boolean> {
  const tasks = Array.from({ length: Math.ceil(PLANS / PLANS_A_TASK) }, (_, stream) => ({
    kind: "harmless" as const,
    plans: Math.min(PLANS_A_TASK, PLANS - stream * PLANS_A_TASK),
    seed: SEED,
    stream,
  }));
  const outcomes = (await run(tasks)).flatMap((answer) => (answer.kind === "harmless" ? answer.outcomes : []));
  const units = outcomes.reduce((sum, outcome) => sum + outcome.units, 0);
  console.log(`Harmless plans: ${outcomes.length} of three stages (1, 10, 50 %) and five metrics, ${units} units.`);
  console.log("Clustered users, retries, an incident of both arms, daily rhythm, bots, a whale account.\n");
  const share = (which: (outcome: PlanOutcome) => boolean) => outcomes.filter(which).length;
  const killed = share(({ guard }) => guard !== null);
  const bound = upperBound(killed, outcomes.length);
  const rows: [string, number][] = [
    ["guard, all tests together", killed],
    ["fixed threshold on requests, errors only", share(({ fixedRequests }) => fixedRequests)],
    ["fixed threshold on units, errors only", share(({ fixed }) => fixed)],
    ["mixture SPRT on units, errors only", share(({ sprt }) => sprt)],
    ["asymptotic confidence sequence, errors only", share(({ asymptotic }) => asymptotic)],
  ];
  console.log(`${"method".padEnd(46)} killed   share   95 % bound`);
  for (const [name, count] of rows)
    console.log(
      `${name.padEnd(46)} ${pad(count, 6)} ${pad(percent(count / outcomes.length), 8)} ${pad(percent(upperBound(count, outcomes.length)), 9)}`,
    );
  const by = new Map<string, number>();
  for (const { guard } of outcomes) if (guard) by.set(guard, (by.get(guard) ?? 0) + 1);
  for (const [test, kills] of by) console.log(`  by ${test}: ${kills}`);
  const limit = 1.1 * ALPHA;
  const kept = bound <= limit;
  // So few plans could not show it even if none were killed.
  const verdict = kept ? "kept" : upperBound(0, outcomes.length) > limit ? "not shown, too few plans" : "BROKEN";
  console.log(`\n${verdict}: the bound is ${percent(bound)}, and 1.1 alpha ${percent(limit)}\n`);
  return kept;
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] as number;

async function detection(): Promise<boolean> {
  const scenarios: Scenario[] = [...EFFECTS, ...COSTLY].flatMap((effect) =>
    [1, 10, 50].map((exposure) => ({ ...effect, exposure })),
  );
  const tasks = scenarios.map((scenario, index) => ({
    kind: "detect" as const,
    scenario,
    // Small effects at a small exposure need millions of units a run.
    runs: scenario.metric === "conversion" && scenario.exposure === 1 ? Math.min(RUNS, 150) : RUNS,
    seed: SEED,
    stream: 1_000_000 + index,
  }));
  const found = (await run(tasks)).flatMap((answer) => (answer.kind === "detect" ? [answer.detection] : []));
  const level = found[0]?.alpha ?? 0;
  console.log(
    `Detection at the split alpha ${level.toExponential(2)} (plan of three stages, five metrics, alpha ${ALPHA}).`,
  );
  console.log("Units of both arms, and in brackets mean / median as multiples of the two-sample bound.\n");
  console.log(
    `${"effect".padEnd(22)} ${pad("exposed", 7)} ${pad("bound", 9)}  ${pad("guard: mean", 12)} ${pad("(× bound)", 13)}  ${pad("fixed", 13)} ${pad("mSPRT", 13)} ${pad("asympt. CS", 13)}   verdict`,
  );
  let kept = true;
  for (const [index, scenario] of scenarios.entries()) {
    const one = found[index] as Detection;
    const multiples = (values: number[]) =>
      `${(mean(values) / one.bound).toFixed(2)} / ${(median(values) / one.bound).toFixed(2)}`;
    const held = index < EFFECTS.length * 3;
    const isWithin = mean(one.guard) <= 1.5 * one.bound && median(one.guard) <= 1.5 * one.bound;
    const verdict = held ? (isWithin ? "kept" : "BROKEN") : "exempt";
    kept &&= verdict !== "BROKEN";
    console.log(
      `${scenario.name.padEnd(22)} ${pad(`${scenario.exposure} %`, 7)} ${pad(Math.round(one.bound), 9)}  ${pad(Math.round(mean(one.guard)), 12)} ${pad(multiples(one.guard), 13)}  ${pad(multiples(one.fixed), 13)} ${pad(multiples(one.sprt), 13)} ${pad(multiples(one.asymptotic), 13)}   ${verdict}`,
    );
  }
  console.log(
    `\n${kept ? "kept" : "BROKEN"}: mean and median of the guard ≤ 1.5 × the bound, except where exempt (*)\n`,
  );
  return kept;
}

const started = performance.now();
const rounds = option("live", 0);
const results = rounds > 0 ? [await live(rounds)] : [await harmless(), await detection()];
console.log(`${rounds > 0 ? "" : `seed ${SEED}, `}${((performance.now() - started) / 1_000).toFixed(0)} s`);
process.exitCode = results.every(Boolean) ? 0 : 1;
