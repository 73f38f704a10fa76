import { describe, expect, test } from "vitest";
import { RateGate, ReadBudget } from "./admission.ts";

const START = 1_000_000;
const admittedAt = (gate: RateGate, now: number, asked: number) =>
  Array.from({ length: asked }, () => gate.admits(now)).filter(Boolean).length;

describe("a gate", () => {
  test("lets a crowd in up to its bound, and turns the rest away at once", () => {
    expect(admittedAt(new RateGate(1_000, 500), START, 10_000)).toBe(500);
  });

  test("lets the agreed rate through for as long as it is asked too much", () => {
    const gate = new RateGate(1_000, 500);
    let admitted = 0;
    for (let ms = 0; ms < 10_000; ms++) admitted += admittedAt(gate, START + ms, 5);
    expect(admitted).toBeGreaterThan(10_000);
    expect(admitted).toBeLessThanOrEqual(10_500);
  });

  test("refuses nobody below its rate", () => {
    const gate = new RateGate(1_000, 500);
    for (let ms = 0; ms < 5_000; ms += 2) expect(gate.admits(START + ms)).toBe(true);
  });

  test("a clock that is set back costs nothing but the pause", () => {
    const gate = new RateGate(1_000, 10);
    admittedAt(gate, START, 100);
    expect(gate.admits(START - 3_600_000)).toBe(false);
    expect(admittedAt(gate, START - 3_600_000 + 5, 100)).toBe(5);
  });
});

describe("a budget of reads", () => {
  /** How many reads of this cost get through, asked for each millisecond as often as they are let. */
  const letThrough = (cost: number, seconds: number) => {
    const budget = new ReadBudget(1_000_000, 2_000_000);
    let reads = 0;
    for (let ms = 0; ms < seconds * 1_000; ms++)
      while (budget.hasRoom(START + ms)) {
        budget.charge(cost);
        reads++;
      }
    return reads;
  };

  test("lets through what its rate pays for, be it many cheap reads or few dear ones", () => {
    expect(letThrough(1_000, 10)).toBeCloseTo(12_000, -2);
    expect(letThrough(1_000_000, 10)).toBeCloseTo(12, -1);
    // One that costs more than there ever is goes through, and is paid for before the next.
    expect(letThrough(5_000_000, 10)).toBe(3);
  });

  test("a clock that is set back costs nothing but the pause", () => {
    const budget = new ReadBudget(1_000, 10);
    expect(budget.hasRoom(START)).toBe(true);
    budget.charge(12);
    expect(budget.hasRoom(START - 3_600_000)).toBe(false);
    expect(budget.hasRoom(START - 3_600_000 + 5)).toBe(true);
  });
});
