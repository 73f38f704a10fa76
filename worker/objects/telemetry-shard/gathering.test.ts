import { describe, expect, test } from "vitest";
import { GATHER_MS, GATHERED_EVENTS, Gathering } from "./gathering.ts";
import type { ShardBatch, ShardEvent, ShardReply } from "./shard-batch.ts";

const outcome = (unit: string, index: number): ShardEvent => ({
  index,
  unit,
  id: `${unit}-${index}`,
  rank: 0,
  at: 0,
  type: "outcome",
  metric: "checkout",
});
const batchOf = (units: string[], over: Partial<ShardBatch> = {}): ShardBatch => ({
  source: "server",
  revision: 1,
  killed: [],
  series: [],
  events: units.map(outcome),
  shed: 0,
  ...over,
});
const KEEP = { server: 1, client: 1 };

/** A store that keeps events by unit, and fails when told to. */
function aStore() {
  let now = 1_000;
  const timers: { at: number; run: () => void }[] = [];
  const stored: ShardBatch[] = [];
  const units = new Set<string>();
  let failing = false;
  const store = (batch: ShardBatch): ShardReply => {
    if (failing) throw new Error("disk");
    stored.push(batch);
    const duplicate: number[] = [];
    for (const { unit, index } of batch.events) {
      if (units.has(unit)) duplicate.push(index);
      units.add(unit);
    }
    return { duplicate, shed: [], keep: KEEP };
  };
  const clock = { now: () => now, later: (ms: number, run: () => void) => void timers.push({ at: now + ms, run }) };
  return {
    gathering: new Gathering(store, clock),
    stored,
    fail: (value: boolean) => {
      failing = value;
    },
    async pass(ms: number) {
      now += ms;
      for (const timer of timers.splice(0)) {
        if (timer.at <= now) timer.run();
        else timers.push(timer);
      }
      await Promise.resolve();
    },
  };
}

describe("batches", () => {
  test("after a pause are stored at once", async () => {
    const { gathering, stored, pass } = aStore();
    void gathering.add(batchOf(["a"]));
    await pass(GATHER_MS);
    void gathering.add(batchOf(["b"]));
    expect(stored).toHaveLength(2);
  });

  test("that come close together are stored in one go, and each is told of its own events by their places", async () => {
    const { gathering, stored, pass } = aStore();
    const first = gathering.add(batchOf(["a", "b"]));
    const second = gathering.add(batchOf(["c", "a", "d"], { shed: 2 }));
    const third = gathering.add(batchOf(["d", "e"], { shed: 3 }));
    expect(stored).toHaveLength(1);
    await pass(GATHER_MS);
    expect(stored.map(({ events, shed }) => [events.length, shed])).toEqual([
      [2, 0],
      [5, 5],
    ]);
    expect(await Promise.all([first, second, third])).toEqual([
      { duplicate: [], shed: [], keep: KEEP },
      { duplicate: [1], shed: [], keep: KEEP },
      { duplicate: [0], shed: [], keep: KEEP },
    ]);
  });

  test("of different knowledge, or of another kind of key, stay apart, in their order", async () => {
    const { gathering, stored, pass } = aStore();
    void gathering.add(batchOf(["a"]));
    void gathering.add(batchOf(["b"]));
    void gathering.add(batchOf(["c"], { killed: [{ flag: "checkout" }] }));
    void gathering.add(batchOf(["d"], { source: "client" }));
    void gathering.add(batchOf(["e"], { revision: 2 }));
    for (let n = 0; n < 6; n++) await pass(GATHER_MS);
    expect(stored.map(({ events }) => events.map(({ unit }) => unit))).toEqual([["a"], ["b"], ["c"], ["d"], ["e"]]);
  });

  test("are stored a bounded number of events at a time, and none is forgotten", async () => {
    const { gathering, stored, pass } = aStore();
    const units = (n: number) => Array.from({ length: 150 }, (_, m) => `u${n}-${m}`);
    for (let n = 0; n < 10; n++) void gathering.add(batchOf(units(n)));
    for (let n = 0; n < 10; n++) await pass(GATHER_MS);
    for (const { events } of stored) expect(events.length).toBeLessThanOrEqual(GATHERED_EVENTS);
    expect(stored.reduce((sum, { events }) => sum + events.length, 0)).toBe(1_500);
  });

  test("are all refused when their transaction fails, and can be sent again", async () => {
    const { gathering, pass, fail, stored } = aStore();
    void gathering.add(batchOf(["a"]));
    const lost = [gathering.add(batchOf(["b"])), gathering.add(batchOf(["c"]))];
    fail(true);
    const refused = Promise.allSettled(lost);
    await pass(GATHER_MS);
    expect((await refused).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    fail(false);
    void gathering.add(batchOf(["b", "c"]));
    await pass(GATHER_MS);
    expect(stored.flatMap(({ events }) => events.map(({ unit }) => unit))).toEqual(["a", "b", "c"]);
  });

  test("are not held by a clock that is set back", async () => {
    const { gathering, stored, pass } = aStore();
    void gathering.add(batchOf(["a"]));
    await pass(-3_600_000);
    void gathering.add(batchOf(["b"]));
    expect(stored).toHaveLength(2);
  });
});
