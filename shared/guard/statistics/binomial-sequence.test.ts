import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { binomialSequence, peopleNeeded } from "./binomial-sequence.ts";

/** A small generator of numbers between 0 and 1 (mulberry32), so that simulations repeat. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

describe("the confidence sequence of a share", () => {
  test("is where its martingale says: worked out by hand for 2 of 4", () => {
    // M(p) = [B(2.5, 2.5) / pi] / (p (1 - p))^2 with B(2.5, 2.5) = 3 pi / 128, so p (1 - p) = sqrt(3 alpha / 128).
    const alpha = 0.05;
    const product = Math.sqrt((3 * alpha) / 128);
    const lower = (1 - Math.sqrt(1 - 4 * product)) / 2;
    const interval = binomialSequence(2, 4, alpha);
    expect(interval.lower).toBeCloseTo(lower, 9);
    expect(interval.upper).toBeCloseTo(1 - lower, 9);
  });

  test("knows nothing of nobody", () => {
    expect(binomialSequence(0, 0, 0.05)).toEqual({ lower: 0, upper: 1 });
  });

  test("holds what was observed, is symmetric, and grows wider with less risk", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (trials, part) => {
        const successes = Math.round(trials * part);
        const { lower, upper } = binomialSequence(successes, trials, 0.05);
        expect(lower).toBeLessThanOrEqual(successes / trials);
        expect(upper).toBeGreaterThanOrEqual(successes / trials);
        const mirrored = binomialSequence(trials - successes, trials, 0.05);
        expect(mirrored.upper).toBeCloseTo(1 - lower, 9);
        const surer = binomialSequence(successes, trials, 0.01);
        expect(surer.lower).toBeLessThanOrEqual(lower);
        expect(surer.upper).toBeGreaterThanOrEqual(upper);
      }),
    );
  });

  test("its lower bound never falls with one success more among the same trials", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (trials, part) => {
          const successes = Math.floor(trials * part);
          const { lower } = binomialSequence(successes, trials, 0.05);
          expect(binomialSequence(successes + 1, trials, 0.05).lower).toBeGreaterThanOrEqual(lower);
        },
      ),
    );
  });

  test("looked at after every person, it misses the truth in at most alpha of all tests; a fixed-time one does not hold", () => {
    const random = numbers(7);
    const [tests, people, truth] = [400, 1_500, 0.04];
    let missed = 0;
    let missedByFixedTime = 0;
    for (let run = 0; run < tests; run++) {
      let clicks = 0;
      let outside = false;
      let outsideFixed = false;
      for (let seen = 1; seen <= people; seen++) {
        if (random() < truth) clicks++;
        if (seen < 20 || seen % 5 !== 0) continue;
        const { lower, upper } = binomialSequence(clicks, seen, 0.05);
        if (truth < lower || truth > upper) outside = true;
        const half = 1.96 * Math.sqrt(((clicks / seen) * (1 - clicks / seen)) / seen);
        if (Math.abs(clicks / seen - truth) > half) outsideFixed = true;
      }
      if (outside) missed++;
      if (outsideFixed) missedByFixedTime++;
    }
    // 400 tests: 20 misses are expected at most, 36 would happen once in 2,000 times.
    expect(missed).toBeLessThan(36);
    expect(missedByFixedTime).toBeGreaterThan(80);
  });
});

describe("the number of people that a test needs", () => {
  test("decides four of five tests when the expectation is true", () => {
    const plan = { bar: 0.03, expected: 0.06, alpha: 0.05 };
    const people = peopleNeeded(plan);
    if (people === null) throw new Error("no number");
    const random = numbers(11);
    let decided = 0;
    for (let run = 0; run < 500; run++) {
      let clicks = 0;
      for (let seen = 0; seen < people; seen++) if (random() < plan.expected) clicks++;
      if (binomialSequence(clicks, people, plan.alpha).lower >= plan.bar) decided++;
    }
    expect(decided / 500).toBeGreaterThan(0.74);
    expect(decided / 500).toBeLessThan(0.88);
  });

  test("rises as expectation and bar come closer, from either side, and is none when they meet", () => {
    const needed = (expected: number) => peopleNeeded({ bar: 0.05, expected, alpha: 0.05 });
    expect(needed(0.05)).toBeNull();
    expect(needed(0.06)).toBeGreaterThan(needed(0.1) as number);
    expect(needed(0.04)).toBeGreaterThan(needed(0.01) as number);
  });
});
