import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Fleet, makeShop, type Shop, startFleet } from "../../test/propagation/fleet.ts";
import type { Expectations } from "./expectations.ts";
import { InProcess } from "./in-process.ts";
import { Poller } from "./poller.ts";

/*
 * Kills and ordinary changes at one FlagStore, and how long isolates go on without them: each in a workerd of its own,
 * with memory and a Cache API of its own, under a steady load of evaluations. Times count from the moment the change
 * is sent, so its commit is part of them, to the start of the last evaluation that was answered without it. Beside each
 * isolate's evaluations over OFREP a provider that evaluates in this process follows that isolate.
 *
 *   npm run bench:propagation
 *   npm run bench:propagation -- --kills=20 --isolates=4 --store-ms=0,150,280   (round trips of the data centres)
 */

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    isolates: { type: "string", default: "8" },
    "pause-ms": { type: "string", default: "10" },
    "store-ms": { type: "string", default: "0" },
  },
});
const KILLS = Number(values.kills);
const ISOLATES = Number(values.isolates);
const PAUSE_MS = Number(values["pause-ms"]);
const STORE_MS = values["store-ms"].split(",").map(Number);
const FLAGS = Array.from({ length: 20 }, (_, index) => `flag-${index + 1}`);
const ORDINARY = "banner";
/** Longer than any change should take; what has not arrived by then never will. */
const GIVE_UP_MS = 10_000;
const TARGETS = {
  ...{ isolateMedian: 1_000, lastMedian: 1_600, lastWorst: 2_000, commitMedian: 50 },
  ...{ processMedian: 200, processWorst: 500 },
};

interface Measured {
  commit: number;
  perIsolate: number[];
  perProcess: number[];
}

class Bench {
  readonly #fleet: Fleet;
  readonly #shop: Shop;
  readonly #pollers: Poller[];
  readonly #processes: InProcess[];
  readonly kills: Measured[] = [];
  readonly changes: Measured[] = [];
  #bannerOn = true;

  constructor(fleet: Fleet, shop: Shop, rulesKey: string) {
    this.#fleet = fleet;
    this.#shop = shop;
    this.#pollers = fleet.isolates.map(({ url }) => new Poller(url, shop.server, PAUSE_MS));
    this.#processes = fleet.isolates.map(({ url }) => new InProcess(url, rulesKey, PAUSE_MS));
  }

  async run(): Promise<{ requests: number; seconds: number }> {
    for (const flag of [...FLAGS, ORDINARY]) await this.#shop.putFlag(flag);
    const running = Promise.all([...this.#pollers, ...this.#processes].map((client) => client.run()));
    running.catch(() => {});
    await this.#arrive([...FLAGS, ORDINARY], true, performance.now());
    const began = performance.now();
    const measuring = (async () => {
      while (this.kills.length < KILLS) await this.#round(FLAGS.slice(0, KILLS - this.kills.length));
    })();
    await Promise.race([measuring, running]);
    const seconds = (performance.now() - began) / 1_000;
    for (const poller of this.#pollers) poller.stop();
    await Promise.all(this.#processes.map((process) => process.stop()));
    return { requests: this.#pollers.reduce((sum, { requests }) => sum + requests, 0), seconds };
  }

  /** Kills one flag after the other at random times, with an ordinary change between two, then restores them all. */
  async #round(flags: string[]): Promise<void> {
    const pending: Promise<void>[] = [];
    for (const [index, flag] of flags.entries()) {
      await sleep(200 + Math.random() * 500);
      pending.push(this.#measure(flag, false, this.kills, () => this.#shop.kill(flag)));
      if (index % 4 !== 3) continue;
      await sleep(100 + Math.random() * 300);
      const on = !this.#bannerOn;
      this.#bannerOn = on;
      await this.#measure(ORDINARY, on, this.changes, () => this.#shop.serve(ORDINARY, on ? "on" : "off"));
    }
    await Promise.all(pending);
    const sent = performance.now();
    await Promise.all(flags.map((flag) => this.#shop.restore(flag)));
    await this.#arrive(flags, true, sent);
  }

  async #measure(flag: string, value: boolean, into: Measured[], change: () => Promise<unknown>): Promise<void> {
    const sent = performance.now();
    for (const client of this.#clients) client.expect(flag, value, sent);
    await change();
    const commit = performance.now() - sent;
    const stale = await this.#settled(flag, sent);
    const isolates = this.#pollers.length;
    into.push({ commit, perIsolate: stale.slice(0, isolates), perProcess: stale.slice(isolates) });
  }

  async #arrive(flags: string[], value: boolean, since: number): Promise<void> {
    for (const flag of flags) for (const client of this.#clients) client.expect(flag, value, since);
    for (const flag of flags) await this.#settled(flag, since);
  }

  /** When everybody has known for a while: the last stale answers (ms after `since`), of isolates and of processes. */
  async #settled(flag: string, since: number): Promise<number[]> {
    for (;;) {
      await sleep(20);
      const stale = this.#clients.map((client) => client.staleFor(flag));
      const last = Math.max(...stale.map((ms) => ms ?? Number.POSITIVE_INFINITY));
      // Nobody falls back: half a second of right answers from everybody.
      if (last < performance.now() - since - 500) return stale as number[];
      if (performance.now() - since > GIVE_UP_MS) throw new Error(`${flag} is stale after ${GIVE_UP_MS} ms`);
    }
  }

  get #clients(): Expectations[] {
    return [...this.#pollers, ...this.#processes];
  }

  get isolates() {
    return this.#fleet.isolates;
  }
}

const quantile = (sorted: number[], share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

function row(name: string, values: number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const cells = [0.5, 0.9, 0.99, 1].map((share) => String(Math.round(quantile(sorted, share))));
  return `| ${name} | ${values.length} | ${cells.join(" | ")} |`;
}
const median = (values: number[]) =>
  quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );

await using fleet = await startFleet({
  centres: Array.from({ length: ISOLATES }, (_, index) => ({
    colo: `C${String(index + 1).padStart(2, "0")}`,
    isolates: 1,
    storeMs: STORE_MS[index % STORE_MS.length] ?? 0,
  })),
});
const shop = await makeShop(fleet);
const { key: rulesKey } = await fleet.admin<{ key: string }>(
  "POST",
  `/projects/${shop.project}/environments/production/keys`,
  { kind: "server", name: "processes", rules: true },
);
const bench = new Bench(fleet, shop, rulesKey);
const { requests, seconds } = await bench.run();
const last = ({ perIsolate }: Measured) => Math.max(...perIsolate);
const killsPerIsolate = bench.kills.flatMap(({ perIsolate }) => perIsolate);
const killsLast = bench.kills.map(last);
const processes = bench.kills.flatMap(({ perProcess }) => perProcess);
const commits = bench.kills.map(({ commit }) => commit);

console.log(
  `${ISOLATES} isolates in data centres of their own, round trips ${STORE_MS.join(", ")} ms, ${Math.round(requests / seconds)} evaluations a second\n`,
);
console.log(
  "| sent → start of the last stale answer (ms) | samples | median | 90 % | 99 % | worst |\n|---|---|---|---|---|---|",
);
console.log(row("kill: an isolate", killsPerIsolate));
console.log(row(`kill: the last isolate of ${ISOLATES}`, killsLast));
console.log(row("kill: a process that evaluates by itself", processes));
console.log(
  row(
    "ordinary change: a process that evaluates by itself",
    bench.changes.flatMap(({ perProcess }) => perProcess),
  ),
);
console.log(
  row(
    "ordinary change: an isolate",
    bench.changes.flatMap(({ perIsolate }) => perIsolate),
  ),
);
console.log(row(`ordinary change: the last isolate of ${ISOLATES}`, bench.changes.map(last)));
console.log(row("kill: sent → acknowledged", commits));
console.log(
  row(
    "ordinary change: sent → acknowledged, published",
    bench.changes.map(({ commit }) => commit),
  ),
);

const held = [
  ["an isolate, median", median(killsPerIsolate), TARGETS.isolateMedian],
  ["the last isolate, median", median(killsLast), TARGETS.lastMedian],
  ["the last isolate, worst", Math.max(...killsLast), TARGETS.lastWorst],
  ["the commit, median", median(commits), TARGETS.commitMedian],
  ["a process that evaluates by itself, median", median(processes), TARGETS.processMedian],
  ["a process that evaluates by itself, worst", Math.max(...processes), TARGETS.processWorst],
] as const;
console.log();
for (const [name, value, target] of held)
  console.log(`${value <= target ? "met" : "MISSED"}: ${name} ${Math.round(value)} ms, target ${target} ms`);
if (held.some(([, value, target]) => value > target)) process.exitCode = 1;
