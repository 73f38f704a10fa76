import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, test, vi } from "vitest";
import { storedSlug } from "../../../shared/schema/names.ts";
import type { Series } from "../../../shared/schema/series.ts";
import { env } from "../../testing/bindings.ts";
import { PRODUCTION } from "../../testing/names.ts";
import { aSeries } from "../../testing/telemetry.ts";
import { telemetryShard } from "../stubs.ts";
import type { ShardBatch, ShardEvent, ShardExposure, ShardOutcome } from "./shard-batch.ts";
import { EXPOSURE_KEEP_MS, TelemetryShard } from "./telemetry-shard.ts";

let shards = 0;
const HOUR = 3_600_000;

/** A shard nobody else uses, as Workers call it and from within. */
function newShard() {
  const project = storedSlug(`p${++shards}`);
  const stub = env.TELEMETRY_SHARD.get(env.TELEMETRY_SHARD.idFromName(`${project}/production/0`));
  return {
    stub,
    shard: telemetryShard(env, project, PRODUCTION, 0),
    /** In a fresh instance over the same storage: what a restart finds. */
    restarted: <R>(work: (shard: TelemetryShard, storage: DurableObjectStorage) => R) =>
      runInDurableObject(stub, (_shard: DurableObject, state) => work(new TelemetryShard(state, env), state.storage)),
    count: (table: string) =>
      runInDurableObject(
        stub,
        (_shard: DurableObject, { storage }) =>
          storage.sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n,
      ),
  };
}

let made = 0;
const exposure = (unit: string, series: Series | null, over: Partial<ShardExposure> = {}): ShardExposure => ({
  index: ++made,
  unit: unit.padEnd(12, "_"),
  id: `id${++made}`.padEnd(12, "_"),
  rank: 0.5,
  at: Date.now(),
  type: "exposure",
  flag: "checkout",
  arm: 0,
  marks: [],
  ...(series ? { series: series.id } : {}),
  ...over,
});
const outcome = (unit: string, over: Partial<ShardOutcome> = {}): ShardOutcome => ({
  index: ++made,
  unit: unit.padEnd(12, "_"),
  id: `id${++made}`.padEnd(12, "_"),
  rank: 0.5,
  at: Date.now(),
  type: "outcome",
  metric: "checkout",
  ok: false,
  ...over,
});
const batch = (series: Series[], events: ShardEvent[], over: Partial<ShardBatch> = {}): ShardBatch => ({
  source: "server",
  revision: 1,
  killed: [],
  series: series.map((one) => ({ flag: "checkout", series: one })),
  events,
  shed: 0,
  ...over,
});

afterEach(() => void vi.useRealTimers());

describe("a shard", () => {
  test("knows after a restart what it knew before: counts, ids and windows", async () => {
    const { shard, restarted } = newShard();
    const series = aSeries();
    const first = exposure("a", series);
    await shard.ingest(batch([series], [first, exposure("b", series, { arm: 1 }), outcome("b")]));
    const before = await shard.totals([series.id]);
    const after = await restarted((fresh) => {
      expect(fresh.totals([series.id])).toEqual(before);
      expect(fresh.store(batch([series], [first])).duplicate).toEqual([first.index]);
      fresh.store(batch([series], [outcome("a")]));
      return fresh.totals([series.id]).series[series.id];
    });
    expect(after?.arms.on?.metrics.errors).toEqual({ kind: "error", units: 1, failures: 1 });
    expect(after?.arms.off?.metrics.errors).toEqual({ kind: "error", units: 1, failures: 1 });
  });

  test("keeps nothing of a batch that fails half-way, and all of it when it comes again", async () => {
    const { shard, restarted } = newShard();
    const series = aSeries();
    await shard.ingest(batch([series], [exposure("a", series)]));
    const before = await shard.totals([series.id]);
    const events = [outcome("a"), exposure("b", series), outcome("b")];
    await restarted((fresh, storage) => {
      // The last thing a transaction writes are counters: by then ids and records are written.
      storage.sql.exec("CREATE TRIGGER fault BEFORE INSERT ON counter BEGIN SELECT RAISE(ABORT, 'injected'); END");
      expect(() => fresh.store(batch([series], events))).toThrow("injected");
      expect(fresh.totals([series.id])).toEqual(before);
      storage.sql.exec("DROP TRIGGER fault");
      expect(fresh.store(batch([series], events)).duplicate).toEqual([]);
      const { arms } = fresh.totals([series.id]).series[series.id] ?? {};
      expect([arms?.on?.exposed, arms?.on?.metrics.errors]).toEqual([2, { kind: "error", units: 2, failures: 2 }]);
    });
  });

  test("answers for series it never met with nothing, and makes no table for it", async () => {
    const { shard, stub } = newShard();
    expect(await shard.totals(["nothing"])).toEqual({ series: {}, shed: { server: 0, client: 0 } });
    await shard.stats();
    const tables = await runInDurableObject(stub, (_shard: DurableObject, { storage }) => [
      ...storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'counter'"),
    ]);
    expect(tables).toEqual([]);
  });

  test("sheds whole units by rank alone, tells which, and counts them with what edges left out", async () => {
    const { shard } = newShard();
    const series = aSeries();
    const events = Array.from({ length: 4_000 }, (_, n) =>
      exposure(`u${n >> 1}`, series, { rank: ((n >> 1) * 0.618_034) % 1, arm: (n >> 1) % 2 }),
    );
    const { shed, keep } = await shard.ingest(batch([series], events, { shed: 500 }));
    expect(keep.server).toBeLessThan(0.5);
    const gone = new Set(shed);
    for (const { index, rank } of events) expect(gone.has(index)).toBe(rank >= keep.server);
    const answer = await shard.totals([series.id]);
    expect(answer.shed).toEqual({ server: shed.length + 500, client: 0 });
    const { on, off } = answer.series[series.id]?.arms ?? {};
    expect((on?.exposed ?? 0) + (off?.exposed ?? 0)).toBe((events.length - shed.length) / 2);
    const stats = await shard.stats();
    expect(stats.stored["server.exposure"]).toBe(events.length - shed.length);
  });

  test("keeps client keys out of every arm of a server's series, however many and however early", async () => {
    const { shard } = newShard();
    const series = aSeries();
    const forged = ["a", "b"].flatMap((unit) => [exposure(unit, series), outcome(unit)]);
    await shard.ingest(batch([series], forged, { source: "client" }));
    const honest = [exposure("a", series, { arm: 1 }), exposure("b", series, { arm: 1, id: forged[2]?.id ?? "" })];
    expect((await shard.ingest(batch([series], honest))).duplicate).toEqual([]);
    const totals = (await shard.totals([series.id])).series[series.id];
    expect([totals?.arms.on?.exposed, totals?.arms.off?.exposed, totals?.conflicting]).toEqual([0, 2, 0]);
    expect(totals?.arms.off?.metrics.errors).toMatchObject({ units: 0 });
    expect(totals?.clientArms.on?.metrics.errors).toMatchObject({ failures: 2 });
  });
});

describe("time", () => {
  test("an id is known for 25 hours at least, and not for ever", async () => {
    const { restarted, count } = newShard();
    const event = exposure("a", null);
    const from = Date.now();
    const at = (hours: number) =>
      restarted((fresh) => {
        vi.useFakeTimers({ toFake: ["Date"], now: from + hours * HOUR });
        return fresh.store(batch([], [event])).duplicate.length;
      });
    expect([await at(0), await at(12.5), await at(24), await at(25)]).toEqual([0, 1, 1, 1]);
    expect(await at(25 + 3 * 12.5)).toBe(0);
    expect((await count("event_0")) + (await count("event_1")) + (await count("event_2"))).toBe(1);
  });

  test("a clock set back and forth within a day stores nothing twice", async () => {
    const { restarted } = newShard();
    const event = exposure("a", null);
    const from = Date.now();
    const at = (hours: number) =>
      restarted((fresh) => {
        vi.useFakeTimers({ toFake: ["Date"], now: from + hours * HOUR });
        return fresh.store(batch([], [event])).duplicate.length;
      });
    expect([await at(0), await at(-20), await at(20), await at(0), await at(-1)]).toEqual([0, 1, 1, 1, 1]);
  });

  test("records go a month after their series was last named, counts a year later, ids within two days", async () => {
    const { stub, shard, count } = newShard();
    const series = aSeries();
    await shard.ingest(batch([series], [exposure("a", series), outcome("a")]));
    const from = Date.now();
    const alarmAt = async (ms: number) => {
      vi.useFakeTimers({ toFake: ["Date"], now: from + ms });
      await runDurableObjectAlarm(stub);
      return [await count("event_0"), await count("event_1"), await count("event_2")].reduce((a, b) => a + b);
    };
    await expect.poll(() => runInDurableObject(stub, (_s, state) => state.storage.getAlarm())).not.toBeNull();
    expect([await alarmAt(24 * HOUR), await count("exposure")]).toEqual([2, 1]);
    expect([await alarmAt(48 * HOUR), await count("exposure")]).toEqual([0, 1]);
    await alarmAt(EXPOSURE_KEEP_MS + HOUR);
    expect([await count("exposure"), await count("series")]).toEqual([0, 1]);
    expect((await shard.totals([series.id])).series[series.id]?.arms.on?.exposed).toBe(1);
    await alarmAt(401 * 24 * HOUR);
    expect([await count("series"), await count("counter WHERE series > 0")]).toEqual([0, 0]);
    expect(await runDurableObjectAlarm(stub)).toBe(false);
  });
});
