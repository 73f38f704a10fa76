import { expect, test } from "vitest";
import { EARLY_KEEP_MS, EarlyOutcomes } from "./early-outcomes.ts";

const outcome = (at: number, arrivedAt = at) => ({ event: "pay", at, arrivedAt, ok: false });

function keep(early: EarlyOutcomes, source: "server" | "client", units: readonly string[], now: number): void {
  const turn = early.turn(source, now);
  for (const unit of units) turn.keep(1, 0, unit, outcome(now));
  turn.commit();
}
const waits = (early: EarlyOutcomes, unit: string, now: number) => early.turn("server", now).take(1, 0, unit).length;

test("outcomes made up with a client key push out none of a server's, however many", () => {
  const early = new EarlyOutcomes();
  keep(early, "server", ["honest"], 0);
  for (let round = 0; round < 100; round++)
    keep(
      early,
      "client",
      Array.from({ length: 500 }, (_, n) => `made-up-${round}-${n}`),
      round,
    );
  expect(waits(early, "honest", 1_000)).toBe(1);
  // Their own place has an end, and the oldest go first.
  expect([waits(early, "made-up-0-0", 1_000), waits(early, "made-up-99-499", 1_000)]).toEqual([0, 1]);
});

test("both sources' outcomes of a unit are taken together, by time, and once", () => {
  const early = new EarlyOutcomes();
  for (const [source, at] of [
    ["client", 30],
    ["server", 20],
    ["client", 10],
  ] as const)
    keep(early, source, ["u1"], at);
  const turn = early.turn("server", 40);
  expect(turn.take(1, 0, "u1").map(({ at }) => at)).toEqual([10, 20, 30]);
  turn.commit();
  expect(waits(early, "u1", 40)).toBe(0);
});

test("nobody waits longer than ten minutes; who is forgotten waits no more", () => {
  const early = new EarlyOutcomes();
  keep(early, "client", ["u1", "u2"], 0);
  expect(waits(early, "u1", EARLY_KEEP_MS)).toBe(1);
  expect(waits(early, "u1", EARLY_KEEP_MS + 1)).toBe(0);
  early.forget("u2");
  expect(waits(early, "u2", 1)).toBe(0);
});
