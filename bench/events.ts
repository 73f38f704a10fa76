import { type ChildProcess, fork } from "node:child_process";
import path from "node:path";
import type { Series } from "../shared/schema/series.ts";
import type { SeriesTotals, TelemetryStats } from "../shared/schema/telemetry.ts";
import type { Asked, Asking } from "./events/asker.ts";
import type { Sending, Sent } from "./events/sender.ts";
import { type Bench, FLAG, startBench } from "./events/worker.ts";

/*
 * Events at a fixed rate beside evaluations, against our whole Worker in one workerd. Every number is checked against
 * what the shards hold: what was accepted is stored, units are in the arms that their buckets give, what was shed is
 * counted and knows no arm. A failed check ends the run.
 *
 *   npm run bench:events
 */

const EVALUATIONS_PER_SECOND = 500;
const STEADY = { eventsPerSecond: 5_000, seconds: 20 };
const FLOOD = { eventsPerSecond: 20_000, seconds: 15 };
const P99_TARGET_MS = 20;

const spawn = (file: string): ChildProcess => fork(path.join(import.meta.dirname, "events", file));

function ask<Q extends object, A>(process: ChildProcess, question: Q): Promise<A> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error("a load generator ended"));
    process.once("exit", ended);
    process.once("message", (answer) => {
      process.off("exit", ended);
      resolve(answer as A);
    });
    process.send(question);
  });
}

function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

interface Seen {
  stats: TelemetryStats;
  series: Series;
  totals: SeriesTotals | null;
}

async function look({ admin }: Bench): Promise<Seen> {
  const at = "/environments/production";
  const { series, totals } = await admin<{ series: Series; totals: SeriesTotals | null }>(
    "GET",
    `${at}/flags/${FLAG}/events`,
  );
  return { stats: await admin<TelemetryStats>("GET", `${at}/events/stats`), series, totals };
}

const storedOf = ({ stats }: Seen): number => Object.values(stats.stored).reduce((sum, one) => sum + one, 0);
const exposedIn = ({ totals }: Seen, variant: string): number => totals?.arms[variant]?.exposed ?? 0;
const failuresIn = ({ totals }: Seen, variant: string): number => {
  const errors = totals?.arms[variant]?.metrics.errors;
  return errors?.kind === "error" ? errors.failures : 0;
};

/** How many standard deviations a share of kept units lies from the arm's own share, were shedding blind to arms. */
function deviation(kept: number, keptAll: number, share: number): number {
  return (kept - keptAll * share) / Math.sqrt(keptAll * share * (1 - share));
}

const line = (name: string, asked: Asked): string =>
  `${name.padEnd(34)} evaluations ${asked.answers} at p50 ${asked.p50.toFixed(1)} ms, p99 ${asked.p99.toFixed(1)} ms, max ${asked.max.toFixed(0)} ms`;

async function main(): Promise<void> {
  const sender = spawn("sender.ts");
  const asker = spawn("asker.ts");
  await using bench = await startBench();
  try {
    const { port, server: key } = bench;
    let user = 0;
    const evaluate = (seconds: number): Promise<Asked> => {
      const asking = { port, key, perSecond: EVALUATIONS_PER_SECOND, seconds, firstUser: user };
      user += EVALUATIONS_PER_SECOND * seconds;
      return ask<Asking, Asked>(asker, asking);
    };
    let unit = 0;
    const send = (eventsPerSecond: number, seconds: number, firstUnit = unit): Promise<Sent> => {
      const { series } = first;
      if (firstUnit === unit) unit += (eventsPerSecond * seconds) / 2;
      const sending = { port, key, flag: FLAG, ranges: series.ranges ?? [], eventsPerSecond, seconds, firstUnit };
      return ask<Sending, Sent>(sender, sending);
    };
    const first = await look(bench);
    await Promise.all([send(1_000, 5), evaluate(5)]);

    console.log(line("alone:", await evaluate(10)));

    const before = await look(bench);
    const [steady, beside] = await Promise.all([
      send(STEADY.eventsPerSecond, STEADY.seconds),
      evaluate(STEADY.seconds),
    ]);
    const after = await look(bench);
    console.log(line(`beside ${STEADY.eventsPerSecond} events/s:`, beside));
    const rate = Math.round(steady.accepted / steady.seconds);
    console.log(
      `  offered ${steady.offered}, accepted ${steady.accepted}, stored ${storedOf(after) - storedOf(before)} (${rate}/s); ${steady.again} batches sent again; answers p50 ${steady.ackMs.p50.toFixed(1)} ms, p99 ${steady.ackMs.p99.toFixed(1)} ms`,
    );
    must(steady.accepted === steady.offered, `${steady.offered - steady.accepted} events were not accepted`);
    must(storedOf(after) - storedOf(before) === steady.accepted, "accepted is not what is stored");
    for (const [variant, units] of Object.entries(steady.units)) {
      must(exposedIn(after, variant) - exposedIn(before, variant) === units, `units of ${variant} are not all counted`);
      const failing = steady.failing[variant] ?? 0;
      must(failuresIn(after, variant) - failuresIn(before, variant) === failing, `failures of ${variant} differ`);
    }

    const again = await send(STEADY.eventsPerSecond, 2, unit - (STEADY.eventsPerSecond * STEADY.seconds) / 2);
    console.log(
      `sent again:                        ${again.offered} events, ${again.duplicate} known, ${again.accepted} accepted`,
    );
    must(again.duplicate === again.offered && again.accepted === 0, "events that were sent again counted twice");

    const calm = await look(bench);
    const [flood, besideFlood] = await Promise.all([
      send(FLOOD.eventsPerSecond, FLOOD.seconds),
      evaluate(FLOOD.seconds),
    ]);
    const end = await look(bench);
    console.log(line(`beside ${FLOOD.eventsPerSecond} offered/s:`, besideFlood));
    const stored = storedOf(end) - storedOf(calm);
    const shed = end.stats.shed.server - calm.stats.shed.server;
    console.log(
      `  offered ${flood.offered}, accepted ${flood.accepted}, stored ${stored} (${Math.round(stored / flood.seconds)}/s), shed ${flood.shed} and counted ${shed}, failed ${flood.failed}, ${flood.again} batches sent again`,
    );
    must(stored === flood.accepted, "accepted is not what is stored");
    must(shed === flood.shed, "what was shed is not what is counted");
    must(flood.accepted + flood.shed + flood.failed + flood.duplicate === flood.offered, "events are missing");
    const kept = Object.fromEntries(
      Object.keys(flood.units).map((arm) => [arm, exposedIn(end, arm) - exposedIn(calm, arm)]),
    );
    const all = Object.values(kept).reduce((sum, one) => sum + one, 0);
    const offered = Object.values(flood.units).reduce((sum, one) => sum + one, 0);
    for (const [arm, units] of Object.entries(flood.units)) {
      const off = deviation(kept[arm] ?? 0, all, units / offered);
      console.log(
        `  kept ${kept[arm]} of ${units} units of "${arm}" (${((100 * (kept[arm] ?? 0)) / units).toFixed(2)} %), ${off.toFixed(2)} standard deviations from blind`,
      );
      must(Math.abs(off) < 4, `shedding prefers an arm: ${arm}`);
    }
    for (const [when, asked] of [
      ["5,000 events/s", beside],
      ["20,000 offered/s", besideFlood],
    ] as const) {
      must(asked.refused === 0, `${asked.refused} evaluations were refused beside ${when}`);
      if (asked.p99 > P99_TARGET_MS) {
        console.log(`p99 beside ${when} is over ${P99_TARGET_MS} ms`);
        process.exitCode = 1;
      }
    }
  } finally {
    sender.kill();
    asker.kill();
  }
}

await main();
