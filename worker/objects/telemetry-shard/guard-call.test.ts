import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import type { Env } from "../../env.ts";
import { env } from "../../testing/bindings.ts";
import { counting } from "../../testing/rows.ts";
import { aSeries } from "../../testing/telemetry.ts";
import { Guard } from "../guard/guard.ts";
import { IDLE_LOOK_MS, LOOK_MS } from "../guard/look-cadence.ts";
import { GuardCall } from "./guard-call.ts";
import type { ShardBatch } from "./shard-batch.ts";
import { TelemetryShard } from "./telemetry-shard.ts";

const PLACE = { project: "shop", environment: "production" };
const NOW = Date.parse("2026-11-30T12:00:00Z");

/** Bindings whose guard notes that it was told, and answers with a status. */
function listening(status = 200) {
  const told: string[] = [];
  const answer = { status };
  const namespace = {
    idFromName: (name: string) => name,
    get: (name: string) => ({
      fetch: async (url: string) => {
        told.push(`${name} ${new URL(url).pathname.slice(1)}`);
        return new Response("null", { status: answer.status });
      },
    }),
  } as unknown as DurableObjectNamespace;
  return { bindings: { ...env, GUARD: namespace } as Env, told, answer };
}

test("a guard is told once in 20 s, and again at once when it did not hear", async () => {
  const { bindings, told, answer } = listening();
  const call = new GuardCall(bindings);
  for (const ms of [0, 1, 19_999]) call.moved(PLACE, NOW + ms);
  expect(told).toEqual(["shop/production moved"]);
  answer.status = 500;
  call.moved(PLACE, NOW + 20_000);
  await scheduler.wait(0);
  call.moved(PLACE, NOW + 20_001);
  expect(told).toHaveLength(3);
  call.moved(undefined, NOW + 60_000);
  expect(told).toHaveLength(3);
});

test("a shard tells the guard of events that something watches, and of no others", () => {
  const { bindings, told } = listening();
  const stub = env.TELEMETRY_SHARD.get(env.TELEMETRY_SHARD.idFromName("guard-call/production/0"));
  return runInDurableObject(stub, async (_shard: DurableObject, state) => {
    const shard = new TelemetryShard(state, bindings);
    const series = aSeries();
    const event = { index: 0, unit: "unit________", rank: 0.5, at: Date.now(), type: "exposure", flag: "f" } as const;
    const batch = (id: string, watched: boolean) =>
      ({
        source: "server",
        revision: 1,
        killed: [],
        series: watched ? [{ flag: "f", series }] : [],
        events: [{ ...event, id: id.padEnd(12, "_"), arm: 0, marks: [], ...(watched ? { series: series.id } : {}) }],
        shed: 0,
        place: PLACE,
      }) satisfies ShardBatch;
    shard.store(batch("a", false));
    expect(told).toEqual([]);
    shard.store(batch("b", true));
    expect(told).toEqual(["shop/production moved"]);
    await state.storage.deleteAlarm();
  });
});

test("a guard at rest that is told looks within two seconds instead of a minute", () => {
  const stub = env.GUARD.get(env.GUARD.idFromName("guard-call/production"));
  return runInDurableObject(stub, async (_guard: DurableObject, state) => {
    const { state: counted, alarm } = counting(state);
    const guard = new Guard(counted, env);
    const watched = { flag: "f", series: aSeries(), alpha: 0.01, stages: 1, entry: 1, onBreach: "kill" } as const;
    guard.watch({ ...PLACE, epoch: 1, revision: 1, madeAt: 1, list: [watched] });
    await counted.storage.setAlarm(Date.now() + IDLE_LOOK_MS);
    await guard.moved();
    expect((alarm() as number) - Date.now()).toBeLessThanOrEqual(LOOK_MS);
  });
});
