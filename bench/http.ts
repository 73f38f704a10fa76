import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setupPeers } from "../scripts/setup.mjs";
import {
  ADMIN_TOKEN,
  bundle,
  bundleOfCheckout,
  type Contestant,
  cpuOf,
  FLAGS,
  KEY,
  start,
  type Target,
} from "./http/contestant.ts";
import type { Load, Loaded } from "./http/load.ts";
import { provenance, writeSection } from "./report.ts";
import { expected, mixedUser } from "./workloads.ts";

/*
 * Our whole Worker, bundled by wrangler as it is deployed and seeded through its own administration (so real FlagStore,
 * KV and Cache), beside the two fastest peers in minimal Workers, a Worker doing the same HTTP work, and the bare
 * floor. Each runs in a workerd of its own, one isolate, all configured alike, its socket open to the Worker itself:
 * no development proxy in between. Rounds are interleaved in turning order; every request has a context of its own.
 * Two processes of one and the same Worker differ by a tenth for as long as they live, so there are several
 * generations: each starts every Worker anew.
 *
 *   npm run bench:http              prints the table
 *   npm run bench:http -- --write   also writes it into docs/performance.md
 *   --generations=5 --rounds=2 --requests=25000   fewer for a first look: a round lasts up to 6 s for each Worker
 *   --only="server key,same work"   these alone, by parts of their names, without ratios
 *   --baseline=FOLDER   our server-key and client-key rows as well with the Worker of another checkout, and the ratio to it
 */

const GENERATIONS = Number(argument("generations") ?? 5);
const ROUNDS = Number(argument("rounds") ?? 2);
/**
 * A round holds about one full garbage collection of workerd, a tenth to a quarter of a second after 10,000 to 25,000
 * requests: shorter rounds have one or have none, and differ by a fifth.
 */
const REQUESTS = Number(argument("requests") ?? 25_000);
const ONLY = argument("only")?.split(",");
/** A checkout with its packages installed, whose Worker is measured beside ours. */
const BASELINE = argument("baseline");
const WRITE = process.argv.includes("--write");
if ((ONLY || BASELINE) && WRITE) throw new Error("--write prints our own table: leave out --only and --baseline");
const WARM_UP_REQUESTS = 10_000;
const OURS = "Blastdoor, server key";
const SAME_WORK = "same work, constant answer";
const OF_BASELINE = ", baseline";
const FLOOR = "floor: parse, return a constant";
const BULK = "/ofrep/v1/evaluate/flags";

const folder = import.meta.dirname;

interface Measured {
  /** Requests a second, one per round. */
  readonly rates: number[];
  /** Processor time of its workerd, microseconds a request, one per round. */
  readonly cpu: number[];
}

function argument(name: string): string | undefined {
  return process.argv.find((given) => given.startsWith(`--${name}=`))?.slice(name.length + 3);
}

// --- Answers

function bulk({ port, key }: { port: number; key: string }, user: number, headers: Record<string, string> = {}) {
  const { id, ...rest } = mixedUser(user);
  return fetch(`http://127.0.0.1:${port}${BULK}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json", ...headers },
    body: JSON.stringify({ context: { targetingKey: id, ...rest } }),
  });
}

/** Every value for some hundred users. */
async function checkValues<Answer>(target: Target, read: (answer: Answer) => Record<string, unknown>): Promise<void> {
  const users = 300;
  const split = FLAGS.filter((flag) => flag.kind === "split").length;
  let on = 0;
  for (let index = 0; index < users; index++) {
    const user = mixedUser(index);
    const response = await bulk(target, index);
    if (response.status !== 200) throw new Error(`${target.name}: ${response.status}`);
    const values = read((await response.json()) as Answer);
    for (const flag of FLAGS) {
      const value = values[flag.key];
      const wanted = expected(flag, user);
      if (typeof value !== "boolean" || (wanted !== undefined && value !== wanted))
        throw new Error(`${target.name}: ${flag.key} for ${JSON.stringify(user)} is ${String(value)}`);
      if (wanted === undefined && value) on++;
    }
  }
  // Six standard deviations.
  if (Math.abs(on / (users * split) - 0.5) > 6 * Math.sqrt(0.25 / (users * split)))
    throw new Error(`${target.name}: splits give "on" in ${on} of ${users * split} cases`);
}

function must(condition: boolean, target: Target, what: string): void {
  if (!condition) throw new Error(`${target.name}: ${what}`);
}

/** ETag, CORS and refusal of unknown keys: what ours and the same-work Worker have in common. */
async function checkHttp(target: Target): Promise<void> {
  const { headers } = await bulk(target, 1);
  const etag = headers.get("ETag");
  must(etag !== null && headers.get("Access-Control-Allow-Origin") === "*", target, "no ETag or CORS headers");
  must((await bulk(target, 1, { "If-None-Match": etag ?? "" })).status === 304, target, "no 304");
  const unknown = `${target.key.slice(0, -4)}0000`;
  must((await bulk({ ...target, key: unknown }, 1)).status === 401, target, "takes an unknown key");
}

async function checkConstant(target: Target, answer: string): Promise<void> {
  const response = await bulk(target, 1);
  must(response.status === 200 && (await response.text()) === answer, target, "other bytes");
}

// --- Measuring

const loader = fork(path.join(folder, "http/load.ts"));
function load(request: Load): Promise<Loaded> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error("the load generator ended"));
    loader.once("exit", ended);
    loader.once("message", (answer) => {
      loader.off("exit", ended);
      resolve(answer as Loaded);
    });
    loader.send(request);
  });
}

async function round(target: Target, firstUser: number, requests: number): Promise<{ rate: number; cpu: number }> {
  const before = cpuOf(target.pid);
  const { port, key } = target;
  const { seconds, refused } = await load({ port, key, firstUser, requests });
  must(refused === 0, target, `${refused} requests refused`);
  return { rate: requests / seconds, cpu: ((cpuOf(target.pid) - before) / requests) * 1e6 };
}

async function main(): Promise<void> {
  const into = mkdtempSync(path.join(tmpdir(), "blastdoor-bench-"));
  try {
    await setupPeers();
    const all = await contestants(into);
    const chosen = all.filter(({ name }) => !ONLY || ONLY.some((part) => name.includes(part)));
    if (chosen.length === 0) throw new Error(`--only names none of: ${all.map(({ name }) => name).join("; ")}`);
    const measured = new Map<string, Measured>(chosen.map(({ name }) => [name, { rates: [], cpu: [] }]));
    for (let number = 0; number < GENERATIONS; number++) await generation(turned(chosen, number), measured);
    const table = ONLY || BASELINE ? ratesOf(measured) : tableOf(measured);
    console.log(table);
    if (BASELINE) console.log(ratiosToBaseline(measured));
    if (WRITE) writeDown(table);
  } finally {
    loader.kill();
    rmSync(into, { recursive: true, force: true });
  }
}

const turned = <Item>(list: readonly Item[], by: number): Item[] =>
  list.map((_, index) => list[(index + by) % list.length] as Item);

async function contestants(into: string): Promise<Contestant[]> {
  const ofOurs = (answer: { flags: { key: string; value: unknown }[] }) =>
    Object.fromEntries(answer.flags.map(({ key, value }) => [key, value]));
  const ofrep = (target: Target) => checkValues(target, ofOurs);
  const values = (target: Target) => checkValues(target, (answer: Record<string, unknown>) => answer);
  const checkOurs = async (target: Target) => {
    await ofrep(target);
    await checkHttp(target);
  };
  const script = bundle(into);
  const ours = (name: string, keyKind: "server" | "client", EVENT_STREAMS: string): Contestant => {
    return { name, script, keyKind, bindings: { ADMIN_TOKEN, EVENT_STREAMS }, check: checkOurs };
  };
  const beside = ({ name, ...contestant }: Contestant, former: string): Contestant => {
    return { ...contestant, name: `${name}${OF_BASELINE}`, script: former };
  };
  const byServerKey = ours(OURS, "server", "on");
  const ANSWER = await anAnswerOf(byServerKey);
  const floor = (target: Target) => checkConstant(target, ANSWER);
  const sameWork = async (target: Target) => {
    await floor(target);
    await checkHttp(target);
  };
  const other = (name: string, entry: string, bindings: Record<string, string>, check: Contestant["check"]) => {
    return { name, script: bundle(into, entry), bindings, keyKind: null, check };
  };
  const our = [
    byServerKey,
    ours("Blastdoor, client key", "client", "off"),
    ours("Blastdoor, client key, event streams offered", "client", "on"),
  ];
  const former = BASELINE && bundleOfCheckout(into, path.resolve(BASELINE));
  return [
    ...our,
    ...(former ? our.map((contestant) => beside(contestant, former)) : []),
    other(SAME_WORK, "same-work.ts", { ANSWER, KEY }, sameWork),
    other(FLOOR, "floor.ts", { ANSWER }, floor),
    other("@vercel/flags-core", "vercel.mjs", { ANSWERS: "ofrep" }, ofrep),
    other("@openfeature/flagd-core", "flagd.mjs", { ANSWERS: "ofrep" }, ofrep),
    other("@vercel/flags-core, names and values only", "vercel.mjs", { ANSWERS: "values" }, values),
  ];
}

/** So many bytes do the others answer with. */
async function anAnswerOf(contestant: Contestant): Promise<string> {
  const target = await start(contestant);
  try {
    return await (await bulk(target, 0)).text();
  } finally {
    await target.worker.dispose();
  }
}

/** Starts everybody, lets everybody warm up, measures, and adds what was seen. */
async function generation(chosen: readonly Contestant[], measured: ReadonlyMap<string, Measured>): Promise<void> {
  const targets: Target[] = [];
  try {
    for (const contestant of chosen) {
      const target = await start(contestant);
      targets.push(target);
      await contestant.check(target);
    }
    let user = 0;
    for (const target of targets) await round(target, user, WARM_UP_REQUESTS);
    user += WARM_UP_REQUESTS;
    for (let index = 0; index < ROUNDS; index++) {
      for (const target of turned(targets, index)) {
        const { rate, cpu } = await round(target, user, REQUESTS);
        measured.get(target.name)?.rates.push(rate);
        measured.get(target.name)?.cpu.push(cpu);
      }
      user += REQUESTS;
    }
  } finally {
    await Promise.all(targets.map(({ worker }) => worker.dispose()));
  }
}

// --- Reporting

function quantile(values: readonly number[], at: number): number {
  return [...values].sort((a, b) => a - b)[Math.round((values.length - 1) * at)] as number;
}

/** Median and quartiles of the ratios of each round. */
function ratio(ours: readonly number[], other: readonly number[]): string {
  const ratios = ours.map((one, index) => one / (other[index] as number));
  const [low, median, high] = [0.25, 0.5, 0.75].map((at) => quantile(ratios, at).toFixed(2));
  return `**${median}** (${low}–${high})`;
}

const spread = (values: readonly number[]): string => {
  const [low, median, high] = [0.25, 0.5, 0.75].map((at) => Math.round(quantile(values, at)));
  return `${median} (${low}–${high})`;
};

function ratesOf(measured: ReadonlyMap<string, Measured>): string {
  return [...measured]
    .map(([name, { rates, cpu }]) => `${name.padEnd(46)} ${spread(rates)}/s, ${spread(cpu)} µs`)
    .join("\n");
}

function ratiosToBaseline(measured: ReadonlyMap<string, Measured>): string {
  return [...measured]
    .flatMap(([name, { rates, cpu }]) => {
      const former = measured.get(`${name}${OF_BASELINE}`);
      return former
        ? [`${name}: rate ${ratio(rates, former.rates)}, CPU ${ratio(cpu, former.cpu)} of the baseline's`]
        : [];
    })
    .join("\n");
}

function tableOf(measured: ReadonlyMap<string, Measured>): string {
  const ratesBy = (name: string) => (measured.get(name) as Measured).rates;
  const fastest = [...measured.keys()]
    .filter((name) => name.startsWith("@") && !name.endsWith("only"))
    .map(ratesBy)
    .reduce((a, b) => (quantile(a, 0.5) > quantile(b, 0.5) ? a : b));
  const lines = [...measured].map(([name, { rates, cpu }]) => {
    const ratios = [ratesBy(SAME_WORK), ratesBy(FLOOR), fastest].map((other) => ratio(rates, other));
    return `| ${[name, spread(rates), `${spread(cpu)} µs`, ...ratios].join(" | ")} |`;
  });
  return [
    "| | requests/s | CPU a request | to same work | to floor | to fastest peer |",
    "| --- | --- | --- | --- | --- | --- |",
    ...lines,
  ].join("\n");
}

function writeDown(table: string): void {
  writeSection("HTTP", [
    "The whole Worker as it is deployed, answering a bulk evaluation of 100 mixed flags, beside Workers that do less.",
    "",
    table,
    "",
    "Medians of the rounds with quartiles; ratios are taken within each round, above 1 is faster than the other.",
    "Same work: route through Hono, look the key up, parse the JSON, ETag and CORS headers, and as many constant bytes.",
    "Floor: parse the JSON and return those bytes. The peers answer the same results in OFREP's form, with no key, route or ETag.",
    "Every target in a workerd of its own, one isolate, reached without a proxy. Two processes of one Worker differ by a",
    `tenth for as long as they live, so all were started ${GENERATIONS} times, with ${ROUNDS} interleaved rounds each, of ${REQUESTS} requests`,
    "(about one full garbage collection: shorter rounds have one or have none) on 16 connections, each request with a",
    "context of its own; answers checked first. CPU is the time of the target's workerd, user and system, and so includes",
    "refreshing the pointer and garbage collection.",
    "",
    provenance("npm run bench:http -- --write"),
  ]);
}

await main();
