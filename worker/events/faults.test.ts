import { createExecutionContext, runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { EventAnswer } from "../../shared/schema/telemetry.ts";
import { SLACK_MS } from "../../test/promises.ts";
import { DurableUnavailable } from "../objects/kernel/durable-stub.ts";
import type { ShardBatch, ShardEvent } from "../objects/telemetry-shard/shard-batch.ts";
import { TelemetryShard } from "../objects/telemetry-shard/telemetry-shard.ts";
import { telemetryTotals } from "../objects/telemetry-shard/totals.ts";
import { env } from "../testing/bindings.ts";
import { evaluate, newShop, ORIGIN } from "../testing/http.ts";
import { PRODUCTION } from "../testing/names.ts";
import { anEvent, armOf, aSeries, EVENTS, HALVES, observe, send, totalsOf } from "../testing/telemetry.ts";
import { SHARD_TIMEOUT_MS } from "./deliver.ts";
import { events } from "./events.ts";

let shop: Awaited<ReturnType<typeof newShop>>;
beforeAll(async () => {
  shop = await newShop();
});

const exposure = (unit: string, variant: string) => anEvent("exposure", unit, { flag: "public", variant });

/** The shards as they are, but for those whose name ends so. */
function without(end: string, fault: () => Promise<Response>): DurableObjectNamespace {
  const real = env.TELEMETRY_SHARD;
  const gone = new Set<string>();
  return {
    idFromName: (name: string) => {
      const id = real.idFromName(name);
      if (name.endsWith(end)) gone.add(String(id));
      return id;
    },
    get: (id: DurableObjectId) => (gone.has(String(id)) ? { fetch: fault } : real.get(id)),
  } as unknown as DurableObjectNamespace;
}

async function sendWith(shards: DurableObjectNamespace, batch: object) {
  const execution = createExecutionContext();
  const response = await events(
    new Request(`${ORIGIN}${EVENTS}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${shop.server}` },
      body: JSON.stringify(batch),
    }),
    { ...env, TELEMETRY_SHARD: shards },
    execution,
  );
  return {
    status: response.status,
    headers: response.headers,
    json: (await response.json()) as EventAnswer,
  };
}

describe("a shard that is gone", () => {
  const faults: [string, () => Promise<Response>][] = [
    ["throws", () => Promise.reject(new Error("gone"))],
    ["answers an error", async () => new Response(null, { status: 500 })],
    ["answers half", async () => new Response('{"duplicate":[')],
  ];
  test.each(faults)(
    "(it %s) costs only its own events, which can be sent again and count once",
    async (_how, fault) => {
      const series = await observe(shop.project, "public");
      const units = Array.from({ length: 100 }, (_, n) => `${series.id}-${n}`);
      const batch = { batchId: "b", sentAt: Date.now(), events: units.map((unit) => exposure(unit, "on")) };
      const first = await sendWith(without("/3", fault), batch);
      const lost = first.json.rejected.length;
      expect([first.status, first.headers.get("Retry-After")]).toEqual([503, "2"]);
      expect(first.json.rejected.every(({ code }) => code === "unavailable")).toBe(true);
      expect(lost).toBeGreaterThan(3);
      expect(first.json.accepted).toBe(100 - lost);
      const again = await send(shop.server, batch);
      expect([again.status, again.json]).toEqual([202, { accepted: lost, duplicate: 100 - lost, rejected: [] }]);
      expect((await totalsOf(shop.project, series.id)).arms.on?.exposed).toBe(100);
    },
  );

  test("that never answers is waited for a few seconds, and no evaluation with it", async () => {
    const hanging = without("/3", () => new Promise(() => {}));
    const units = Array.from({ length: 60 }, (_, n) => `hang-${n}`);
    const began = Date.now();
    const waiting = sendWith(hanging, { batchId: "b", events: units.map((unit) => exposure(unit, "on")) });
    expect((await evaluate(shop.server, { flag: "public" })).status).toBe(200);
    const { status, json } = await waiting;
    expect([status, json.rejected[0]?.code]).toEqual([503, "unavailable"]);
    expect(Date.now() - began).toBeLessThanOrEqual(SHARD_TIMEOUT_MS + SLACK_MS);
  });

  test("lets nothing be decided on the others", async () => {
    const broken = { ...env, TELEMETRY_SHARD: without("/3", () => Promise.reject(new Error("gone"))) };
    await expect(telemetryTotals(broken, shop.project, PRODUCTION, ["x"])).rejects.toThrow(DurableUnavailable);
  });
});

describe("a million events made up with a client key", () => {
  test("are in no arm of a server's series, take no server's place, and are counted", async () => {
    const series = aSeries();
    const stub = env.TELEMETRY_SHARD.get(env.TELEMETRY_SHARD.idFromName("forged/production/0"));
    const honest = (from: number): ShardEvent[] =>
      Array.from({ length: 100 }, (_, n) => from + n).flatMap((n): ShardEvent[] => {
        const common = { index: n, unit: `u${n}`.padEnd(12, "_"), rank: (n * 0.618_034) % 1, at: Date.now() };
        const id = (what: string) => `${what}${n}`.padEnd(12, "_");
        return [
          { ...common, id: id("e"), type: "exposure", flag: "checkout", series: series.id, arm: n % 2, marks: [] },
          { ...common, id: id("o"), type: "outcome", metric: "checkout", ok: n % 20 !== 0 },
        ];
      });
    /** Failures of one arm, for the very units and ids of the honest, and for strangers. */
    const forged = (from: number): ShardEvent[] =>
      Array.from({ length: 250 }, (_, n) => from + n).flatMap((n): ShardEvent[] => {
        const common = { index: n, unit: `u${n}`.padEnd(12, "_"), rank: (n * 0.618_034) % 1, at: Date.now() };
        const id = (what: string) => `${what}${n}`.padEnd(12, "_");
        return [
          { ...common, id: id("e"), type: "exposure", flag: "checkout", series: series.id, arm: 0, marks: [] },
          { ...common, id: id("o"), type: "outcome", metric: "checkout", ok: false },
        ];
      });
    const batch = (source: "server" | "client", events: ShardEvent[]): ShardBatch => ({
      source,
      revision: 1,
      killed: [],
      series: [{ flag: "checkout", series }],
      events,
      shed: 0,
    });
    await runInDurableObject(stub, (_shard: DurableObject, state) => {
      const alone = (() => {
        // What the honest alone come to.
        const arms = { on: { exposed: 0, failures: 0 }, off: { exposed: 0, failures: 0 } };
        for (let n = 0; n < 400; n++) {
          const arm = arms[n % 2 === 0 ? "on" : "off"];
          arm.exposed++;
          if (n % 20 === 0) arm.failures++;
        }
        return arms;
      })();
      const shard = new TelemetryShard(state, env);
      let shedOfServer = 0;
      for (let round = 0; round < 2_000; round++) {
        shard.store(batch("client", forged(round * 250)));
        if (round % 500 === 250)
          shedOfServer += shard.store(batch("server", honest(((round - 250) / 500) * 100))).shed.length;
      }
      const answer = shard.totals([series.id]);
      const arms = answer.series[series.id]?.arms;
      const read = (variant: "on" | "off") => {
        const errors = arms?.[variant]?.metrics.errors;
        return { exposed: arms?.[variant]?.exposed, failures: errors?.kind === "error" ? errors.failures : null };
      };
      expect({ on: read("on"), off: read("off") }).toEqual(alone);
      expect(shedOfServer).toBe(0);
      const stats = shard.stats();
      const stored = (stats.stored["client.exposure"] ?? 0) + (stats.stored["client.outcome"] ?? 0);
      expect(stored + answer.shed.client).toBe(1_000_000);
      expect(answer.shed.server).toBe(0);
    });
  }, 120_000);
});

describe("late and repeated events", () => {
  test("sent in any order, any number of times, over a day, come to the same counts", async () => {
    const series = await observe(
      shop.project,
      "public",
      aSeries({ startedAt: Date.now() - 23 * 3_600_000, ranges: HALVES }),
    );
    const from = Date.now() - 20 * 3_600_000;
    const batches = Array.from({ length: 8 }, (_, n) => {
      const units = Array.from({ length: 20 }, (_, m) => `day-${n}-${m}`);
      const time = from + n * 2 * 3_600_000;
      return {
        batchId: `day-${n}`,
        events: units.flatMap((unit) => [
          anEvent("exposure", unit, { flag: "public", variant: armOf("public", unit), time }),
          anEvent("outcome", unit, { metric: "checkout", ok: unit.endsWith("7"), time: time + 1_000 }),
        ]),
      };
    });
    let seed = 5;
    const shuffled = [...batches, ...batches, ...batches].sort(() => {
      seed = (seed * 16_807) % 2_147_483_647;
      return seed % 2 === 0 ? 1 : -1;
    });
    let accepted = 0;
    for (const batch of shuffled) accepted += (await send(shop.server, { ...batch, sentAt: Date.now() })).json.accepted;
    expect(accepted).toBe(8 * 40);
    const { arms } = await totalsOf(shop.project, series.id);
    const errors = ["on", "off"].map((arm) => arms[arm]?.metrics.errors);
    const sum = errors.reduce(
      (total, one) =>
        one?.kind === "error" ? { units: total.units + one.units, failures: total.failures + one.failures } : total,
      { units: 0, failures: 0 },
    );
    expect(sum).toEqual({ units: 160, failures: 8 * 18 });
  });
});

test("a clock of ours that jumps moves no unit between arms, and evaluation goes on", async () => {
  const series = await observe(shop.project, "public");
  const now = Date.now();
  try {
    for (const [n, jump] of [0, 3_600_000, -3_600_000, 86_400_000, 0].entries()) {
      vi.useFakeTimers({ toFake: ["Date"], now: now + jump });
      const time = Date.now();
      const unit = `jump-${n}`;
      await send(shop.server, [
        { ...exposure(unit, n % 2 === 0 ? "on" : "off"), time },
        { ...anEvent("outcome", unit, { metric: "checkout", ok: true }), time },
      ]);
      expect((await evaluate(shop.server, { flag: "public" })).status).toBe(200);
    }
  } finally {
    vi.useRealTimers();
  }
  const { arms } = await totalsOf(shop.project, series.id);
  // The one an hour before the series began is not of it.
  expect([arms.on?.exposed, arms.off?.exposed]).toEqual([2, 2]);
});
