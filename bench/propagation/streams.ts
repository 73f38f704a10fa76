import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { crowd, eventually, type Stream, subscribe } from "../../test/propagation/crowd.ts";
import { is, makeShop, startFleet, until } from "../../test/propagation/fleet.ts";
import { Poller } from "./poller.ts";

/*
 * Event streams held open by one isolate, and what evaluations cost beside them. Then kills, and how long until every
 * stream has been told; then all streams are dropped at once.
 *
 *   npm run bench:streams
 *   npm run bench:streams -- --streams=5000 --kills=10
 */

const { values } = parseArgs({
  options: {
    streams: { type: "string", default: "2000" },
    kills: { type: "string", default: "10" },
    "pause-ms": { type: "string", default: "2" },
  },
});
const STREAMS = Number(values.streams);
const KILLS = Number(values.kills);
const CONTEXT = { targetingKey: "u1" };
/** Evaluations are timed for so long (ms), without streams and beside them. */
const SPELL_MS = 10_000;

const memoryOf = (pid: number) => Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)]).toString()) / 1_024;
const workerd = () =>
  Number(
    execFileSync("pgrep", ["-P", String(process.pid), "workerd"])
      .toString()
      .trim()
      .split("\n")
      .at(-1),
  );
const sorted = (values: number[]) => values.toSorted((a, b) => a - b);
const quantiles = (values: number[]) => {
  const all = sorted(values);
  return [0.5, 0.99, 1].map((share) => (all[Math.min(all.length - 1, Math.floor(all.length * share))] ?? 0).toFixed(1));
};

await using fleet = await startFleet({
  centres: [
    { colo: "HOME", isolates: 1 },
    { colo: "EDGE", isolates: 1, bindings: { STREAMS_PER_ISOLATE: String(STREAMS) } },
  ],
});
const isolate = fleet.isolates.find(({ colo }) => colo === "EDGE");
if (!isolate) throw new Error("no isolate");
const shop = await makeShop(fleet);
await until(isolate, shop.client, is(true));
const pid = workerd();
// Of many visitors under two keys: neither one person nor one key may have all streams of an isolate.
const second = await fleet.admin<{ key: string }>("POST", `/projects/${shop.project}/environments/production/keys`, {
  kind: "client",
  name: "second",
});
await until(isolate, second.key, is(true));
const uris: string[] = [];
for (let visitor = 0; visitor < 40; visitor++)
  for (const key of [shop.client, second.key]) {
    const { uri } = await subscribe(isolate, key, { ...CONTEXT, targetingKey: `u${visitor}` });
    if (uri === undefined) throw new Error("no stream was offered");
    uris.push(uri);
  }

const poller = new Poller(isolate.url, shop.server, Number(values["pause-ms"]));
const polling = poller.run();
polling.catch(() => {});

async function spell(name: string): Promise<void> {
  poller.times.length = 0;
  await sleep(SPELL_MS);
  const rate = poller.times.length / (SPELL_MS / 1_000);
  console.log(
    `| ${name} | ${Math.round(rate)} | ${quantiles(poller.times).join(" | ")} | ${memoryOf(pid).toFixed(0)} |`,
  );
}

console.log(
  "| | evaluations a second | median ms | 99 % | worst | memory of the isolate's workerd, MB |\n|---|---|---|---|---|---|",
);
await spell("no streams");
const streams: Stream[] = await crowd(isolate, uris, STREAMS);
await spell(`${STREAMS} streams`);

const delays: number[] = [];
for (let kill = 0; kill < KILLS; kill++) {
  await sleep(500 + Math.random() * 1_000);
  const before = streams.map(({ told }) => told.length);
  const sent = performance.now();
  await (kill % 2 === 0 ? shop.kill("checkout") : shop.restore("checkout"));
  await eventually(() => streams.every(({ told }, index) => told.length > (before[index] as number)), 15_000);
  delays.push(...streams.map(({ told }) => (told.at(-1)?.at ?? 0) - sent));
}
await spell(`${STREAMS} streams, after ${KILLS} changes`);
const broken = streams.filter(({ ended }) => ended).length;
for (const stream of streams) stream.drop();
const dropped = performance.now();
await eventually(async () => (await isolate.observed()).openStreams === 0, 15_000);
const goneAfter = performance.now() - dropped;
await spell("all dropped at once");
poller.stop();

const [median, most, worst] = quantiles(delays);
console.log(
  `\nsent → told, ${KILLS} kills and restores, ${delays.length} notices: median ${median} ms, 99 % ${most} ms, worst ${worst} ms`,
);
console.log(
  `dropped at once: the isolate was rid of all ${STREAMS} after ${Math.round(goneAfter)} ms; ${broken} broke before`,
);
if (broken > 0) process.exitCode = 1;
