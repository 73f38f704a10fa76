import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LoadShedder } from "./load-shedder.ts";

const CAPACITY = 1_000;
/** Offers so many events a second in batches of ten, evenly, and counts what a shard would store each second. */
function run(shedder: LoadShedder, seconds: number, rate: { server?: number; client?: number }, from = 0) {
  const stored: { server: number; client: number }[] = [];
  let seed = 7;
  const rank = () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return seed / 4_294_967_296;
  };
  for (let second = 0; second < seconds; second++) {
    const count = { server: 0, client: 0 };
    for (let batch = 0; batch < 100; batch++) {
      for (const source of ["server", "client"] as const) {
        const events = Math.round((rate[source] ?? 0) / 100);
        if (events === 0) continue;
        const level = shedder.offer(source, events, (from + second) * 1_000 + batch * 10)[source];
        for (let event = 0; event < events; event++) if (rank() < level) count[source]++;
      }
    }
    stored.push(count);
  }
  return stored;
}

describe("a shard", () => {
  test("takes everything that it can store", () => {
    for (const { server } of run(new LoadShedder(CAPACITY), 5, { server: CAPACITY })) expect(server).toBe(CAPACITY);
  });

  test("takes what senders catch up after a pause, as far as it had idled, and no more", () => {
    const shedder = new LoadShedder(CAPACITY);
    run(shedder, 4, { server: 0.8 * CAPACITY });
    const [after] = run(shedder, 1, { server: 1.6 * CAPACITY }, 5);
    expect(after?.server).toBe(1.6 * CAPACITY);
    const flood = run(shedder, 5, { server: 1.6 * CAPACITY }, 6);
    for (const { server } of flood.slice(2)) expect(server).toBeLessThan(1.1 * CAPACITY);
  });

  test("takes every event of a steady sender whose machine stands still for a second", () => {
    for (const pauseMs of [100, 300, 500, 1_000]) {
      const shedder = new LoadShedder(CAPACITY);
      for (let due = 0; due < 30_000; due += 40) {
        const now = due < 10_000 ? due : Math.max(due, 10_000 + pauseMs);
        expect(shedder.offer("server", (0.8 * CAPACITY) / 25, now).server).toBe(1);
      }
    }
  });

  test("gives client keys no credit", () => {
    for (const { client } of run(new LoadShedder(CAPACITY), 10, { client: 0.9 * CAPACITY }).slice(1))
      expect(client).toBeLessThan(0.7 * CAPACITY);
  });

  test("a pause of any length is worth one second", () => {
    const shedder = new LoadShedder(CAPACITY);
    run(shedder, 1, { server: CAPACITY });
    const [after] = run(shedder, 1, { server: 8 * CAPACITY }, 100_000);
    expect(after?.server).toBeLessThan(5 * CAPACITY);
    for (const { server } of run(shedder, 3, { server: 8 * CAPACITY }, 100_001).slice(1))
      expect(server).toBeLessThan(1.3 * CAPACITY);
  });

  test("stores about its capacity of four times as much, from the first second on", () => {
    for (const { server } of run(new LoadShedder(CAPACITY), 10, { server: 4 * CAPACITY })) {
      expect(server).toBeGreaterThan(0.8 * CAPACITY);
      expect(server).toBeLessThan(2.5 * CAPACITY);
    }
    for (const { server } of run(new LoadShedder(CAPACITY), 10, { server: 4 * CAPACITY }).slice(1))
      expect(server).toBeLessThan(1.3 * CAPACITY);
  });

  test("keeps what servers send when client keys send a hundred times as much", () => {
    const stored = run(new LoadShedder(CAPACITY), 10, { server: 500, client: 50_000 });
    for (const { server, client } of stored.slice(1)) {
      expect(server).toBe(500);
      expect(client).toBeLessThan(0.8 * CAPACITY);
    }
  });

  test("leaves client keys a tenth beside a server that would take all", () => {
    const stored = run(new LoadShedder(CAPACITY), 10, { server: 5_000, client: 1_000 });
    for (const { client } of stored.slice(2)) expect(client).toBeGreaterThan(0.05 * CAPACITY);
  });

  test("takes everything again within seconds of a flood's end", () => {
    const shedder = new LoadShedder(CAPACITY);
    run(shedder, 10, { server: 50_000 });
    const after = run(shedder, 12, { server: 500 }, 10);
    expect(after.at(-1)?.server).toBe(500);
  });

  test("keeps some units and never more than all, whatever the clock does", () => {
    const offer = fc.record({
      source: fc.constantFrom("server" as const, "client" as const),
      events: fc.nat(5_000),
      now: fc.integer({ min: -1e6, max: 1e6 }),
    });
    fc.assert(
      fc.property(fc.array(offer, { maxLength: 50 }), (offers) => {
        const shedder = new LoadShedder(CAPACITY);
        for (const { source, events, now } of offers) {
          const { server, client } = shedder.offer(source, events, now);
          for (const level of [server, client]) {
            expect(level).toBeGreaterThan(0);
            expect(level).toBeLessThanOrEqual(1);
          }
        }
      }),
    );
  });
});
