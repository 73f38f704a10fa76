import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { storedSlug } from "../../../shared/schema/names.ts";
import type { Series } from "../../../shared/schema/series.ts";
import { add } from "../../../shared/telemetry/counters.ts";
import { readTally } from "../../../shared/telemetry/read-tally.ts";
import {
  inWindow,
  type OutcomeEvent,
  recordExposure,
  recordOutcome,
  type UnitRecord,
} from "../../../shared/telemetry/tally.ts";
import { env } from "../../testing/bindings.ts";
import { PRODUCTION } from "../../testing/names.ts";
import { aSeries } from "../../testing/telemetry.ts";
import { telemetryShard } from "../stubs.ts";
import { EARLY_KEEP_MS } from "./early-outcomes.ts";
import { PERIOD_MS } from "./event-ids.ts";
import type { ShardBatch, ShardEvent, ShardExposure, ShardOutcome } from "./shard-batch.ts";
import { EXPOSURE_KEEP_MS, TelemetryShard } from "./telemetry-shard.ts";

let shards = 0;
const HOUR = 3_600_000;

type RowOfUnit = { r: object; s: Record<string, string>; c: Record<string, string> };
const rowsOfUnits = (sql: SqlStorage): RowOfUnit[] =>
  [...sql.exec<{ period: number }>("SELECT period FROM unit_period")].flatMap(({ period }) =>
    [...sql.exec<{ body: string }>(`SELECT body FROM unit_${period}`)].map(({ body }) => JSON.parse(body)),
  );

/** A shard nobody else uses, as Workers call it and from within. */
function newShard() {
  const project = storedSlug(`p${++shards}`);
  const stub = env.TELEMETRY_SHARD.get(env.TELEMETRY_SHARD.idFromName(`${project}/production/0`));
  const inside = <R>(work: (sql: SqlStorage) => R) =>
    runInDurableObject(stub, (_shard: DurableObject, { storage }) => work(storage.sql));
  return {
    /** Records in the rows of units. */
    recordsKept: () => inside((sql) => rowsOfUnits(sql).reduce((sum, { r }) => sum + Object.keys(r).length, 0)),
    /** Ids of events, wherever they are kept. */
    idsKept: () =>
      inside((sql) => {
        const inRows = rowsOfUnits(sql).flatMap(({ s, c }) => [...Object.values(s), ...Object.values(c)]);
        const apart = [0, 1, 2].map((slot) => [...sql.exec(`SELECT id FROM event_${slot}`)].length);
        return apart.reduce((a, b) => a + b) + inRows.join("").length / 12;
      }),
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
      storage.sql.exec("CREATE TRIGGER fault BEFORE INSERT ON counter_page BEGIN SELECT RAISE(ABORT, 'injected'); END");
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
  const kinds: [string, (series: Series) => ShardEvent][] = [
    ["in the row of a unit that was exposed", (series) => exposure("a", series)],
    ["apart, of somebody who was not", () => outcome("a")],
  ];
  const duplicatesAt = (restarted: ReturnType<typeof newShard>["restarted"], series: Series, event: ShardEvent) => {
    const from = Date.now();
    return (hours: number) =>
      restarted((fresh) => {
        vi.useFakeTimers({ toFake: ["Date"], now: from + hours * HOUR });
        return fresh.store(batch([series], [event])).duplicate.length;
      });
  };

  test.each(kinds)("an id is known for 25 hours at least, and not for ever (%s)", async (_where, eventOf) => {
    const { restarted } = newShard();
    const series = aSeries();
    const at = duplicatesAt(restarted, series, eventOf(series));
    expect([await at(0), await at(12.5), await at(24), await at(25)]).toEqual([0, 1, 1, 1]);
    expect(await at(25 + 3 * 12.5)).toBe(0);
  });

  test.each(kinds)("a clock set back and forth within a day stores nothing twice (%s)", async (_where, eventOf) => {
    const { restarted } = newShard();
    const series = aSeries();
    const at = duplicatesAt(restarted, series, eventOf(series));
    expect([await at(0), await at(-20), await at(20), await at(0), await at(-1)]).toEqual([0, 1, 1, 1, 1]);
  });

  test("records go a month after their series was last named, counts a year later, ids within two days", async () => {
    const { stub, shard, count, recordsKept, idsKept } = newShard();
    const series = aSeries();
    await shard.ingest(batch([series], [exposure("a", series), outcome("a"), outcome("nobody")]));
    const from = Date.now();
    const alarmAt = async (ms: number) => {
      vi.useFakeTimers({ toFake: ["Date"], now: from + ms });
      await runDurableObjectAlarm(stub);
      return [await count("event_0"), await count("event_1"), await count("event_2")].reduce((a, b) => a + b);
    };
    await expect.poll(() => runInDurableObject(stub, (_s, state) => state.storage.getAlarm())).not.toBeNull();
    expect([await alarmAt(24 * HOUR), await recordsKept()]).toEqual([1, 1]);
    expect([await alarmAt(48 * HOUR), await recordsKept()]).toEqual([0, 1]);
    await alarmAt(EXPOSURE_KEEP_MS + HOUR);
    expect([await recordsKept(), await idsKept(), await count("series")]).toEqual([0, 0, 1]);
    expect((await shard.totals([series.id])).series[series.id]?.arms.on?.exposed).toBe(1);
    await alarmAt(401 * 24 * HOUR);
    expect([await count("series"), await count("counter_page WHERE series > 0")]).toEqual([0, 0]);
    expect(await runDurableObjectAlarm(stub)).toBe(false);
  });
});

test("an environment that is made anew meets nothing of the one before: neither ids nor outcomes that waited", async () => {
  const { restarted } = newShard();
  const series = aSeries();
  const [early, unwatched] = [outcome("a"), exposure("b", null)];
  await restarted(async (shard) => {
    shard.store(batch([series], [early, unwatched]));
    await shard.clear();
    expect(shard.store(batch([series], [unwatched, exposure("a", series)])).duplicate).toEqual([]);
    const totals = shard.totals([series.id]).series[series.id];
    expect([totals?.unattributed, totals?.arms.on?.metrics.errors]).toMatchObject([0, { units: 0, failures: 0 }]);
  });
});

test("forgetting a person reaches events that wait to be stored", async () => {
  const { restarted, recordsKept } = newShard();
  const series = aSeries();
  await restarted(async (shard) => {
    await shard.ingest(batch([series], [exposure("other", series)]));
    const waits = shard.ingest(batch([series], [exposure("eve", series)]));
    expect(shard.forgetUnit("eve".padEnd(12, "_"))).toEqual({ records: 1 });
    await waits;
  });
  expect(await recordsKept()).toBe(1);
});

describe("rows of units", () => {
  /** One unit's story, told in any order and more than once, over weeks. */
  const story = fc.array(
    fc.record({
      unit: fc.integer({ min: 0, max: 3 }),
      id: fc.integer({ min: 0, max: 40 }),
      kind: fc.constantFrom("exposure", "outcome", "other"),
      arm: fc.constantFrom(0, 1),
      source: fc.constantFrom("server" as const, "client" as const),
      after: fc.constantFrom(0, 1_000, HOUR, 11 * HOUR, 9 * 24 * HOUR),
    }),
    { maxLength: 60 },
  );

  test("count what a shard counts that keeps every id and record for ever", async () => {
    const cases = fc.sample(story, { numRuns: 40, seed: 7 });
    for (const events of cases) {
      const { restarted } = newShard();
      const series = aSeries({ startedAt: Date.now() - HOUR, outcomes: 100 });
      const model: Model = { units: new Map(), ids: new Map(), early: new Map(), counters: new Map() };
      let now = Date.now();
      const seen: number[] = [];
      const expected: number[] = [];
      const totals = await restarted((shard) => {
        for (const { unit, id, kind, arm, source, after } of events) {
          now += after;
          vi.useFakeTimers({ toFake: ["Date"], now });
          const name = `unit${unit}`;
          const over = { id: `event${id}${kind}`.padEnd(12, "_"), at: now };
          const event =
            kind === "exposure"
              ? exposure(name, series, { ...over, arm })
              : outcome(name, { ...over, metric: kind === "other" ? "orders" : "checkout", ok: arm === 0 });
          seen.push(shard.store(batch([series], [event], { source })).duplicate.length);
          expected.push(modelStores(model, series, event, source, now) ? 0 : 1);
        }
        return shard.totals([series.id]).series[series.id];
      });
      vi.useRealTimers();
      expect(seen).toEqual(expected);
      if (events.length > 0) expect(totals).toEqual(readTally(series, model.counters, now));
    }
  });

  test("of a series that is over leave the rows that other series need, and no more", async () => {
    const { restarted, recordsKept } = newShard();
    const [over, live] = [aSeries(), aSeries()];
    const from = Date.now();
    await restarted(async (shard, storage) => {
      vi.useFakeTimers({ toFake: ["Date"], now: from });
      shard.store(batch([over, live], [exposure("a", over), exposure("a", live), exposure("b", over)]));
      vi.useFakeTimers({ toFake: ["Date"], now: from + EXPOSURE_KEEP_MS / 2 });
      shard.store(batch([live], [exposure("c", live)]));
      vi.useFakeTimers({ toFake: ["Date"], now: from + EXPOSURE_KEEP_MS + HOUR });
      await shard.alarm();
      expect(rowsOfUnits(storage.sql).map(({ r }) => Object.keys(r).length)).toEqual([1, 1]);
      shard.store(batch([live], [outcome("a")]));
      expect(shard.totals([live.id]).series[live.id]?.arms.on?.exposed).toBe(2);
      vi.useRealTimers();
      await storage.deleteAlarm();
    });
    expect(await recordsKept()).toBeGreaterThan(0);
  });

  test("take up records, ids and counts of versions before them", async () => {
    const { restarted, recordsKept } = newShard();
    const series = aSeries();
    await restarted((shard, storage) => {
      const { sql } = storage;
      const [known, other] = [exposure("known", series), outcome("stranger")];
      shard.store(batch([series], [exposure("new", series)]));
      // As the version before left them.
      const record = [0, Date.now(), Date.now(), 1, 0, 0, 0, 0, [null, null, null, null]];
      sql.exec("INSERT INTO exposure VALUES (1, 0, ?, ?)", known.unit, JSON.stringify(record));
      const slot = sql.exec<{ slot: number }>("SELECT slot FROM period").one().slot;
      for (const { unit, id } of [known, other]) sql.exec(`INSERT INTO event_${slot} VALUES (?)`, unit + id);
      sql.exec("INSERT INTO counter VALUES (1, '0.0.-.exposed', 9)");
      sql.exec("DELETE FROM counter_page WHERE series = 1");
      const next = new TelemetryShard({ storage, id: { toString: () => "" } } as unknown as DurableObjectState, env);
      expect(next.totals([series.id]).series[series.id]?.arms.on?.exposed).toBe(9);
      expect(next.store(batch([series], [known, other, outcome("known")])).duplicate).toHaveLength(2);
      const { arms, conflicting } = next.totals([series.id]).series[series.id] ?? {};
      expect([arms?.on?.exposed, arms?.on?.metrics.errors, conflicting]).toEqual([
        9,
        { kind: "error", units: 1, failures: 1 },
        0,
      ]);
      expect([...sql.exec("SELECT * FROM counter WHERE series = 1")]).toEqual([]);
    });
    expect(await recordsKept()).toBe(2);
  });
});

interface Model {
  units: Map<string, UnitRecord>;
  ids: Map<string, number>;
  early: Map<string, OutcomeEvent[]>;
  counters: Map<string, number>;
}

/** What the shard does, with sets and maps that forget nothing but ids after their time; whether the event is new. */
function modelStores(
  { units, ids, early, counters }: Model,
  series: Series,
  event: ShardEvent,
  source: "server" | "client",
  now: number,
): boolean {
  const id = `${event.unit} ${event.id} ${source}`;
  const period = Math.floor(now / PERIOD_MS);
  const known = ids.get(id);
  if (known !== undefined && known > period - 3) return false;
  ids.set(id, period);
  const lane = source === "client" ? 1 : 0;
  const key = `${lane} ${event.unit}`;
  const record = units.get(key);
  if (event.type === "exposure") {
    const { at, marks, arm } = event;
    const exposed = { arm: arm ?? -1, at, arrivedAt: now, revision: 1, marks, shift: undefined };
    units.set(key, recordExposure(series, lane, record, exposed, counters));
    if (record) return true;
    const fresh = units.get(key) as UnitRecord;
    for (const waited of early.get(key) ?? []) {
      if (now - waited.arrivedAt > EARLY_KEEP_MS) continue;
      if (fresh.arm < 0 || inWindow(series, fresh, waited)) add(counters, `${lane}.-.-.unattributed`, -1);
      recordOutcome(series, lane, fresh, waited, counters);
    }
    early.delete(key);
    return true;
  }
  const happened = { event: event.metric, at: event.at, arrivedAt: now, ok: event.ok };
  if (record) recordOutcome(series, lane, record, happened, counters);
  else {
    add(counters, `${lane}.-.-.unattributed`, 1);
    early.set(key, [...(early.get(key) ?? []), happened]);
  }
  return true;
}
