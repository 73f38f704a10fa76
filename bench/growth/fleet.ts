import { setTimeout as sleep } from "node:timers/promises";
import { evaluate, type Fleet, type Isolate, makeShop, type Shop, startFleet } from "../../test/propagation/fleet.ts";
import { distinctFiveRuleFlags, importsOf } from "./flags.ts";
import type { GrowthRow } from "./row.ts";

/*
 * The same through the whole Worker: kills and edits while isolates evaluate, each in a workerd of its own as in
 * `bench:propagation`, and how long an isolate goes on without a kill.
 */

const ISOLATES = 4;
const ROUNDS = 40;
/** Between two evaluations of an isolate (ms). */
const PAUSE_MS = 10;
const GIVE_UP_MS = 10_000;

interface FleetTimes {
  kill: number;
  edit: number;
  stale: number;
}

export async function fleetRows(sizes: readonly number[]): Promise<GrowthRow[]> {
  const times = new Map<number, FleetTimes>();
  for (const size of sizes) times.set(size, await measureFleet(size));
  const of = (name: keyof FleetTimes) => new Map([...times].map(([size, time]) => [size, time[name]] as const));
  return [
    { what: "kill acknowledged under load, 99 %", unit: "ms", values: of("kill"), bound: { atMost: 150 } },
    { what: "edit acknowledged under load, 99 %", unit: "ms", values: of("edit"), bound: { atMost: 150 } },
    { what: "kill → last stale answer, worst", unit: "ms", values: of("stale"), bound: { atMost: 2_000 } },
  ];
}

async function measureFleet(count: number): Promise<FleetTimes> {
  await using fleet = await startFleet({
    centres: Array.from({ length: ISOLATES }, (_, index) => ({ colo: `C${index + 1}`, isolates: 1 })),
  });
  const shop = await makeShop(fleet);
  // The shop has a flag of its own, and a project holds 10,000 at most.
  for (const document of importsOf(shop.project, distinctFiveRuleFlags(count - 1)))
    await fleet.admin("POST", `/projects/${shop.project}/import`, document);
  const watchers = fleet.isolates.map((isolate) => new Watcher(isolate, shop.server));
  const running = watchers.map((watcher) => watcher.run());
  await arrive(watchers, true);
  const kills: number[] = [];
  const edits: number[] = [];
  const stale: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    edits.push(await timed(() => edit(fleet, shop, `flag-${round % (count - 1)}`, round)));
    const since = performance.now();
    kills.push(await timed(() => shop.kill("checkout")));
    stale.push(await arrive(watchers, false, since));
    await shop.restore("checkout");
    await arrive(watchers, true);
  }
  for (const watcher of watchers) watcher.stop();
  await Promise.all(running);
  return { kill: high(kills), edit: high(edits), stale: Math.max(...stale) };
}

const edit = (fleet: Fleet, { project }: Shop, flag: string, round: number) =>
  fleet.admin("PATCH", `/projects/${project}/environments/production/flags/${flag}`, { enabled: round % 2 === 0 });

/** When every isolate has answered so for half a second: its last other answer (ms after `since`). */
async function arrive(watchers: readonly Watcher[], value: boolean, since = performance.now()): Promise<number> {
  for (;;) {
    await sleep(20);
    const last = Math.max(...watchers.map((watcher) => watcher.lastOther(value)));
    const now = performance.now();
    if (now - Math.max(last, since) > 500) return Math.max(0, last - since);
    if (now - since > GIVE_UP_MS) throw new Error(`the change has not arrived after ${GIVE_UP_MS} ms`);
  }
}

/** Evaluates one flag at an isolate all the time, and remembers when it last began to get each answer. */
class Watcher {
  readonly #isolate: Isolate;
  readonly #key: string;
  readonly #last = new Map<unknown, number>();
  #stopped = false;

  constructor(isolate: Isolate, key: string) {
    this.#isolate = isolate;
    this.#key = key;
  }

  /** When the last evaluation began that answered anything but this; before all time: none did. */
  lastOther(value: boolean): number {
    const others = [...this.#last].filter(([answered]) => answered !== value).map(([, at]) => at);
    return this.#last.has(value) ? Math.max(Number.NEGATIVE_INFINITY, ...others) : Number.POSITIVE_INFINITY;
  }

  stop(): void {
    this.#stopped = true;
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      const began = performance.now();
      const { value } = await evaluate(this.#isolate, this.#key);
      this.#last.set(value, began);
      await sleep(Math.max(0, PAUSE_MS - (performance.now() - began)));
    }
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

const high = (values: number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] as number;
};
