import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { env } from "../../testing/bindings.ts";
import { counting } from "../../testing/rows.ts";
import { aSeries } from "../../testing/telemetry.ts";
import { Guard } from "./guard.ts";
import type { WatchedSeries } from "./guard-watch.ts";

/** Dollars a million (developers.cloudflare.com/durable-objects/platform/pricing, read in autumn 2026). */
const ROWS_WRITTEN = 1;
const REQUESTS = 0.15;
const MONTH_MS = 30 * 86_400_000;
/** What one environment's guard may cost a month, with one flag watched all the time. */
const STEADY_DOLLARS = 3;
const IDLE_DOLLARS = 0.1;

let made = 0;

/** Rings a guard's alarms for a while of simulated time; what a month of that would cost. */
function monthlyDollars(minutes: number, exposedAt: (now: number) => number): Promise<number> {
  const stub = env.GUARD.get(env.GUARD.idFromName(`cost${++made}/production`));
  return runInDurableObject(stub, async (_guard: DurableObject, state) => {
    const { state: counted, rows, alarm } = counting(state);
    let requests = 0;
    const series = aSeries();
    const real = Date.now;
    const from = real();
    let now = from;
    const shards = {
      idFromName: () => null,
      get: () => ({
        fetch: async () => {
          requests++;
          const units = Math.round(exposedAt(now));
          const arm = {
            exposed: units,
            metrics: { errors: { kind: "error", units, failures: Math.round(units / 50) } },
          };
          const counts = { arms: { on: arm, off: arm }, clientArms: {}, unattributed: 0, afterKill: 0, mismatched: 0 };
          const excluded = { staff: 0, bot: 0, preview: 0, synthetic: 0 };
          return Response.json({
            series: { [series.id]: { ...counts, excluded, conflicting: 0 } },
            shed: { server: 0, client: 0 },
          });
        },
      }),
    } as unknown as DurableObjectNamespace;
    const guard = new Guard(counted, { ...env, TELEMETRY_SHARD: shards });
    Date.now = () => now;
    try {
      const body: WatchedSeries = { flag: "checkout", series, alpha: 0.01, stages: 1, entry: 1, onBreach: "kill" };
      guard.watch({ project: "p", environment: "production", epoch: 1, revision: 1, madeAt: 1, list: [body] });
      const [rowsBefore, requestsBefore] = [rows(), requests];
      while (now < from + minutes * 60_000) {
        now = alarm() as number;
        requests++;
        await guard.alarm();
      }
      const months = MONTH_MS / (now - from);
      return ((rows() - rowsBefore) * ROWS_WRITTEN + (requests - requestsBefore) * REQUESTS) * months * 1e-6;
    } finally {
      Date.now = real;
      await state.storage.deleteAlarm();
    }
  });
}

test("a guard with steady traffic, and one to which nothing comes, cost no more than is promised", async () => {
  expect(await monthlyDollars(10, (now) => now / 1_000)).toBeLessThanOrEqual(STEADY_DOLLARS);
  expect(await monthlyDollars(120, () => 500)).toBeLessThanOrEqual(IDLE_DOLLARS);
});

test("on Workers Free a guard sets no alarm, and one that was set before rings once, for nothing", async () => {
  const stub = env.GUARD.get(env.GUARD.idFromName(`cost${++made}/production`));
  await runInDurableObject(stub, async (_guard: DurableObject, state) => {
    const { state: counted, rows, alarm } = counting(state);
    const body: WatchedSeries = {
      ...{ flag: "checkout", series: aSeries(), alpha: 0.01, stages: 1, entry: 1, onBreach: "kill" },
    };
    const order = { project: "p", environment: "production", epoch: 1, madeAt: 1, list: [body] };
    new Guard(counted, env).watch({ ...order, revision: 1 });
    expect(alarm()).not.toBeNull();
    const guard = new Guard(counted, { ...env, PLAN: "free" });
    guard.watch({ ...order, revision: 2 });
    expect(alarm()).toBeNull();
    const before = rows();
    await guard.alarm();
    expect([rows() - before, alarm()]).toEqual([0, null]);
  });
});
