import { build } from "esbuild";
import { headOf, rulesBlocksOf } from "../worker/rules/recent-rules.ts";
import { type BenchFlag, FIVE, fifthRuleUser, ourSnapshot } from "./workloads.ts";

/*
 * What @blastdoor/server adds to the evaluator: one process, one module with both, rounds in pairs, every call with a
 * context object of its own. OpenFeature asks for a promise, so each is also awaited, the evaluator's answer as well.
 *
 *   npm run bench:in-process
 */

const TARGET = 1.2;
const ROUNDS = 41;
const CALLS = 20_000;
const BATCH = 200;

type Module = typeof import("../client/server/index.ts") &
  typeof import("../shared/evaluation/run/evaluate.ts") &
  typeof import("../shared/evaluation/compile/compile.ts") &
  typeof import("../shared/evaluation/operators/regex/regex.ts");

/** As it is packed: one module. */
async function module(): Promise<Module> {
  const { outputFiles } = await build({
    stdin: {
      contents: ["client/server/index", "shared/evaluation/run/evaluate", "shared/evaluation/compile/compile"]
        .concat("shared/evaluation/operators/regex/regex")
        .map((file) => `export * from "./${file}.ts";`)
        .join("\n"),
      resolveDir: new URL("..", import.meta.url).pathname,
      loader: "ts",
    },
    ...{ bundle: true, minifySyntax: true, format: "esm", target: "es2022", platform: "node", write: false },
    external: ["ws"],
  });
  const text = outputFiles[0]?.text ?? "";
  return (await import(`data:text/javascript;base64,${Buffer.from(text).toString("base64")}`)) as Module;
}

const FLAGS: BenchFlag[] = [
  { key: "static", kind: "static" },
  { key: "five", kind: "five", rules: FIVE },
  { key: "split", kind: "split" },
];
const snapshot = ourSnapshot(FLAGS);
const { BlastdoorProvider, compile, evaluate, prepare, re2 } = await module();

const blocks = rulesBlocksOf(snapshot);
const { project, environment, epoch, revision, minReader } = snapshot;
const head = headOf({
  ...{ project, environment, epoch, revision, minReader, committed: revision, change: revision },
  ...{ kills: [], emergency: [], restored: [], blocks },
});
const texts = Object.fromEntries(blocks.map(({ hash, text }) => [hash, text]));
const provider = new BlastdoorProvider({
  ...{ baseUrl: "http://bench.test", key: `bds_${project}_${environment}_0`, exposures: false, push: false },
  fetch: (async () => Response.json({ ...head, texts, patches: [] })) as typeof fetch,
  pollMs: 3_600_000,
});
await provider.initialize();
const compiled = compile(snapshot, re2);

/** Sums up answers, so that no evaluation can be optimised away. */
let served = 0;
type Round = (key: string, contexts: readonly object[]) => number | Promise<number>;

const bare: Round = (key, contexts) => {
  let on = 0;
  for (const context of contexts)
    if (evaluate(compiled, key, prepare(compiled, context, Date.now()))?.value === true) on++;
  return on;
};
const bareAwaited: Round = async (key, contexts) => {
  const one = async (context: object) => evaluate(compiled, key, prepare(compiled, context, Date.now()));
  let on = 0;
  for (const context of contexts) if ((await one(context))?.value === true) on++;
  return on;
};
const provided: Round = async (key, contexts) => {
  let on = 0;
  for (const context of contexts)
    if ((await provider.resolveBooleanEvaluation(key, false, context as never)).value) on++;
  return on;
};

/** Nanoseconds a call. Contexts are made before the clock starts, in batches that the processor's caches hold. */
async function measured(round: Round, key: string, first: number): Promise<number> {
  let took = 0n;
  for (let done = 0; done < CALLS; done += BATCH) {
    const users = Array.from({ length: BATCH }, (_, index) => {
      const { id, ...rest } = fifthRuleUser(first + done + index);
      return { targetingKey: id, ...rest };
    });
    const contexts = JSON.parse(JSON.stringify(users)) as object[];
    const start = process.hrtime.bigint();
    const on = round(key, contexts);
    served += typeof on === "number" ? on : await on;
    took += process.hrtime.bigint() - start;
  }
  return Number(took) / CALLS;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number;

let missed = false;
console.log("| one call (ns, medians) | evaluator | evaluator, awaited | provider, awaited | to evaluator, awaited |");
console.log("|---|---|---|---|---|");
for (const { key } of FLAGS) {
  const rounds = { bare: [] as number[], awaited: [] as number[], provided: [] as number[], ratios: [] as number[] };
  for (let index = -6; index < ROUNDS; index++) {
    const first = (index + 6) * CALLS;
    const alone = await measured(bare, key, first);
    const awaited = await measured(bareAwaited, key, first);
    const whole = await measured(provided, key, first);
    if (index < 0) continue;
    rounds.bare.push(alone);
    rounds.awaited.push(awaited);
    rounds.provided.push(whole);
    rounds.ratios.push(whole / awaited);
  }
  const ratio = median(rounds.ratios);
  missed ||= ratio > TARGET;
  const cells = [median(rounds.bare), median(rounds.awaited), median(rounds.provided)].map((ns) => ns.toFixed(0));
  console.log(`| ${key} | ${cells.join(" | ")} | ${ratio.toFixed(2)} × |`);
}
console.log(`\n${missed ? "MISSED" : "met"}: the provider takes ${TARGET} × of the evaluator at most, both awaited`);
if (served < 0) throw new Error("unreachable: keeps the answers alive");
await provider.onClose();
process.exit(missed ? 1 : 0);
