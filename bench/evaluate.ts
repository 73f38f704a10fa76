import { setupPeers } from "../scripts/setup.mjs";
import { algorithmRows } from "./algorithms.ts";
import { provenance, writeSection } from "./report.ts";
import { EDGE_TARGET, ownBundle, ownSizes, peerSizes } from "./sizes.ts";
import {
  type BenchFlag,
  distinctFlags,
  distinctUser,
  expected,
  FIVE,
  fifthRuleUser,
  mixedFlags,
  mixedUser,
  ourSnapshot,
  type User,
} from "./workloads.ts";

/*
 * Ours beside the peers: one process, rounds interleaved, every call with a user of its own in a context object of
 * its own, made before the clock starts in the shape that the evaluator wants. Set-up is excluded. A peer that gives
 * other answers gets no number.
 *
 *   npm run bench              prints the tables
 *   npm run bench -- --write   also writes them into docs/performance.md
 */

type Values = readonly unknown[] | Readonly<Record<string, unknown>>;

interface Evaluator {
  readonly name: string;
  readonly asynchronous?: boolean;
  readonly context: (user: User) => object;
  readonly one: (key: string, context: object) => boolean | Promise<boolean>;
  readonly all: (context: object) => unknown;
  /** All values of a bulk answer, for the correctness pass; `all` itself unless given. */
  readonly values?: (context: object) => Values | Promise<Values>;
  readonly order?: readonly string[];
  readonly close?: () => void;
}

interface Workload {
  readonly name: string;
  readonly flags: readonly BenchFlag[];
  readonly user: (index: number) => User;
  /** Null: all flags at once. */
  readonly key: string | null;
  readonly calls: number;
  /** Rounds to warm up, if more than usual: the more results there are, the longer it takes to meet them. */
  readonly warmUp?: number;
}

interface Measurement {
  readonly name: string;
  /** Nanoseconds per call, ascending, one per round; null when its answers differ. */
  readonly rounds: readonly number[] | null;
  readonly wrong?: string;
}

const distinct = (count: number) => ({ flags: distinctFlags(count), user: distinctUser, key: null, warmUp: 12 });
const SINGLE: BenchFlag[] = [
  { key: "static", kind: "static" },
  { key: "five", kind: "five", rules: FIVE },
  { key: "split", kind: "split" },
];
const WORKLOADS: Workload[] = [
  { name: "static flag", flags: SINGLE, user: fifthRuleUser, key: "static", calls: 10_000 },
  { name: "five rules, fifth matches", flags: SINGLE, user: fifthRuleUser, key: "five", calls: 10_000 },
  { name: "50/50 split, 10,000 users", flags: SINGLE, user: fifthRuleUser, key: "split", calls: 10_000 },
  { name: "100 mixed flags", flags: mixedFlags(100), user: mixedUser, key: null, calls: 500 },
  { name: "1,000 mixed flags", flags: mixedFlags(1_000), user: mixedUser, key: null, calls: 300 },
  { name: "100 flags without a condition in common", ...distinct(100), calls: 500 },
  { name: "1,000 flags without a condition in common", ...distinct(1_000), calls: 100 },
];
await setupPeers();
// Not read from the module at each call: its properties are slower than variables.
const bundle = await ownBundle();
const { compile, evaluate, evaluateAll, prepare, re2 } = bundle;
/** Sums up answers, so that no evaluation can be optimised away. */
let served = 0;
const BATCH = 100;
const ROUNDS = 15;
const WARM_UP = 4;

function ours(flags: readonly BenchFlag[]): Evaluator {
  const compiled = compile(ourSnapshot(flags), re2);
  const now = Date.now();
  return {
    name: "blastdoor",
    context: ({ id, ...rest }) => ({ targetingKey: id, ...rest }),
    one: (key, context) => evaluate(compiled, key, prepare(compiled, context, now))?.variant === "on",
    all: (context) => {
      const { flags: text } = evaluateAll(compiled, prepare(compiled, context, now), "server");
      // The fragments are joined as a rope; reading one character makes it the flat text that a response carries.
      served += text.charCodeAt(text.length >> 1) & 1;
      return text;
    },
    values: (context) => {
      const { flags: text } = evaluateAll(compiled, prepare(compiled, context, now), "server");
      const results = JSON.parse(`[${text}]`) as { key: string; value: unknown }[];
      return Object.fromEntries(results.map(({ key, value }) => [key, value]));
    },
  };
}

async function check(evaluator: Evaluator, workload: Workload): Promise<string | undefined> {
  let on = 0;
  const users = 2_000;
  for (let index = 0; index < users; index++) {
    const user = workload.user(index);
    const read = evaluator.values ?? (evaluator.all as NonNullable<Evaluator["values"]>);
    const all = workload.key === null ? await read(evaluator.context(user)) : {};
    const order = evaluator.order ?? workload.flags.map((flag) => flag.key);
    for (const flag of workload.flags) {
      if (workload.key !== null && workload.key !== flag.key) continue;
      const value =
        workload.key === null
          ? Array.isArray(all)
            ? all[order.indexOf(flag.key)]
            : (all as Record<string, unknown>)[flag.key]
          : await evaluator.one(flag.key, evaluator.context(user));
      const wanted = expected(flag, user);
      if (typeof value !== "boolean" || (wanted !== undefined && value !== wanted))
        return `${flag.key} for ${JSON.stringify(user)}: ${String(value)}, not ${String(wanted)}`;
      if (workload.key === "split" && value) on++;
    }
    if (workload.key === null && index >= 200) break;
  }
  // Six standard deviations.
  if (workload.key === "split" && Math.abs(on / users - 0.5) > 6 * Math.sqrt(0.25 / users))
    return `the split gives "on" to ${on} of ${users}`;
  return undefined;
}

type Loop = (contexts: readonly object[], key: string | null) => number | Promise<number>;

/**
 * A loop of its own for every evaluator, so that none pays for what the engine learned from another. Made from text,
 * since the engine learns per function in the source, and with its name in it, since equal texts are one source.
 */
function loopOf({ name, one, all, asynchronous }: Evaluator, key: string | null): Loop {
  const wait = asynchronous ? "await " : "";
  const call = key === null ? `${wait}all(contexts[i]);` : `if (${wait}one(key, contexts[i])) on++;`;
  const body = `let on = 0; for (let i = 0; i < contexts.length; i++) { ${call} } return on;`;
  const make = new Function(
    "one",
    "all",
    `/* ${name} */ return ${asynchronous ? "async " : ""}(contexts, key) => { ${body} }`,
  );
  return make(one, all) as Loop;
}

/**
 * Nanoseconds per call. Contexts come through JSON, as they arrive (flat strings, objects of one shape), and in
 * batches that the processor's caches hold, as a context is when its request has just been parsed.
 */
async function round(evaluator: Evaluator, loop: Loop, workload: Workload, first: number): Promise<number> {
  let took = 0n;
  for (let done = 0; done < workload.calls; done += BATCH) {
    const users = Array.from({ length: BATCH }, (_, index) => evaluator.context(workload.user(first + done + index)));
    const contexts = JSON.parse(JSON.stringify(users)) as object[];
    const start = process.hrtime.bigint();
    const on = loop(contexts, workload.key);
    served += typeof on === "number" ? on : await on;
    took += process.hrtime.bigint() - start;
  }
  return Number(took) / workload.calls;
}

async function measure(workload: Workload): Promise<Measurement[]> {
  const { makePeers } = (await import(new URL("./peers.mjs", import.meta.url).href)) as {
    makePeers: (flags: readonly BenchFlag[]) => Promise<Evaluator[]>;
  };
  const evaluators = [ours(workload.flags), ...(await makePeers(workload.flags))];
  const results = new Map<Evaluator, { loop: Loop; rounds: number[]; wrong?: string }>();
  for (const evaluator of evaluators) {
    const loop = loopOf(evaluator, workload.key);
    results.set(evaluator, { loop, rounds: [], wrong: await check(evaluator, workload) });
  }
  let user = 0;
  for (let index = -(workload.warmUp ?? WARM_UP); index < ROUNDS; index++) {
    for (const [evaluator, result] of results) {
      if (result.wrong !== undefined) continue;
      const took = await round(evaluator, result.loop, workload, user);
      user += workload.calls;
      if (index >= 0) result.rounds.push(took);
    }
  }
  for (const evaluator of evaluators) evaluator.close?.();
  return [...results].map(([{ name }, { rounds, wrong }]) =>
    wrong === undefined ? { name, rounds: rounds.sort((a, b) => a - b) } : { name, rounds: null, wrong },
  );
}

const at = (rounds: readonly number[], quantile: number): number =>
  rounds[Math.round((rounds.length - 1) * quantile)] as number;

function show(nanoseconds: number): string {
  if (nanoseconds < 10_000) return `${nanoseconds.toFixed(nanoseconds < 100 ? 1 : 0)} ns`;
  return `${(nanoseconds / 1_000).toFixed(nanoseconds < 100_000 ? 1 : 0)} µs`;
}

function rowOf({ name, rounds, wrong }: Measurement, our: readonly number[] | null | undefined): string[] {
  if (!rounds) return [name, `other answers: ${wrong}`, "", ""];
  const ratio = our && our !== rounds ? `${(at(rounds, 0.5) / at(our, 0.5)).toFixed(1)} ×` : "";
  return [name, show(at(rounds, 0.5)), `${show(at(rounds, 0.25))} … ${show(at(rounds, 0.75))}`, ratio];
}

const kilobytes = (bytes: number): string => `${(bytes / 1_000).toFixed(1)} kB`;

console.log("median of a call, quartiles of the rounds, ratio to ours");
const only = process.argv.find((argument) => argument.startsWith("--only="))?.slice(7);
const lines: string[] = [];
for (const workload of WORKLOADS) {
  if (only !== undefined && !workload.name.includes(only)) continue;
  const results = await measure(workload);
  const rows = results.map((result) => rowOf(result, results[0]?.rounds));
  console.log(`\n${workload.name}`);
  for (const [name, median, spread, ratio] of rows)
    console.log(`  ${name?.padEnd(32)} ${median?.padStart(9)}   ${spread?.padEnd(24)} ${ratio?.padStart(8)}`);
  lines.push(`| **${workload.name}** | median | quartiles of the rounds | to ours |`);
  if (lines.length === 1) lines.push("| --- | --- | --- | --- |");
  lines.push(...rows.map((row) => `| ${row.join(" | ")} |`));
}
const algorithms = only === undefined ? algorithmRows(bundle) : [];
if (algorithms.length > 0) {
  console.log("\na flag for half of all users, by algorithm");
  for (const [name, median, ratio] of algorithms)
    console.log(`  ${name?.padEnd(32)} ${median?.padStart(9)} ${ratio?.padStart(8)}`);
}
const own = await ownSizes();
const sizes = Object.entries({
  "blastdoor, what an edge loads": own.edge,
  "blastdoor, of it what requests run": own.answering,
  "blastdoor, regular expressions (injected)": own.regexEngine,
  "blastdoor, algorithms of other vendors (injected)": own.dialects,
  ...(await peerSizes()),
}).map(([name, { minified, gzipped }]) => [name, kilobytes(minified), kilobytes(gzipped)]);
console.log("\nbundle, minified and gzipped");
for (const [name, minified, gzipped] of sizes)
  console.log(`  ${name?.padEnd(42)} ${minified?.padStart(9)} ${gzipped?.padStart(9)}`);
const verdict = own.edge.gzipped <= EDGE_TARGET ? "met" : "missed";
console.log(
  `  target: what an edge loads ≤ ${kilobytes(EDGE_TARGET)} min + gzip: ${kilobytes(own.edge.gzipped)}, ${verdict}`,
);
if (served < 0) throw new Error("unreachable: keeps the answers alive");
if (process.argv.includes("--write")) {
  writeSection("Evaluator", [
    "One call, beside the peers in the same process.",
    "",
    ...lines,
    "",
    `${ROUNDS} interleaved rounds after ${WARM_UP} to warm up (12 where nothing is in common); every call with a user and a context object of its own, parsed from JSON`,
    "just before; set-up excluded. A peer whose answers differ has no number. Our bulk answer is the finished JSON text",
    "with its ETag, the peers' are values in memory.",
    "",
    "A flag for half of all users, by the algorithm that finds them:",
    "",
    "| algorithm | median | to a split of ours |",
    "| --- | --- | --- |",
    ...algorithms.map((row) => `| ${row.join(" | ")} |`),
    "",
    "| bundle | minified | min + gzip |",
    "| --- | --- | --- |",
    ...sizes.map((row) => `| ${row.join(" | ")} |`),
    "",
    provenance("npm run bench -- --write"),
  ]);
}
process.exit(0);
