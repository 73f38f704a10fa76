import fc from "fast-check";
import { expect, test } from "vitest";
import { logGamma } from "./gamma.ts";
import { coinInterval, meanRatioInterval, ratioInterval } from "./interval.ts";
import { logMismatch } from "./sample-ratio.ts";

test("the logarithm of gamma agrees with factorials and with gamma(1/2)", () => {
  let factorial = 0;
  for (let n = 1; n <= 170; n++) {
    factorial += Math.log(n);
    expect(logGamma(n + 1)).toBeCloseTo(factorial, 9);
  }
  expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 12);
});

test("an interval holds the estimate, lies within 0 and 1, and narrows as units come in", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.nat(5_000), (a, b) => {
      const few = coinInterval(a, b, 0.05);
      const many = coinInterval(100 * a, 100 * b, 0.05);
      expect(few.low).toBeGreaterThanOrEqual(0);
      expect(few.high).toBeLessThanOrEqual(1);
      expect(few.low).toBeLessThanOrEqual(a / (a + b));
      expect(few.high).toBeGreaterThanOrEqual(a / (a + b));
      expect(many.high - many.low).toBeLessThan(few.high - few.low);
    }),
  );
});

/** The exact probability that the interval ever leaves the truth out within `horizon` throws, by walking all counts. */
function everMissed(p: number, alpha: number, horizon: number): number {
  let inside = new Map([[0, 1]]);
  for (let n = 1; n <= horizon; n++) {
    const next = new Map<number, number>();
    for (const [events, mass] of inside) {
      next.set(events + 1, (next.get(events + 1) ?? 0) + mass * p);
      next.set(events, (next.get(events) ?? 0) + mass * (1 - p));
    }
    for (const events of [...next.keys()]) {
      const { low, high } = coinInterval(events, n - events, alpha);
      if (p < low || p > high) next.delete(events);
    }
    inside = next;
  }
  return 1 - [...inside.values()].reduce((sum, mass) => sum + mass, 0);
}

test("the truth ever lies outside with at most the stated probability, reckoned exactly over 60 looks", () => {
  for (const p of [0.1, 0.5]) {
    const missed = everMissed(p, 0.1, 60);
    expect(missed).toBeLessThanOrEqual(0.1);
    expect(missed).toBeGreaterThan(0.001);
  }
});

test("the quotient of rates is found at any share, and unbounded above while the control has nothing", () => {
  const wide = ratioInterval(100, 20 * 99, 0.01, 0.05);
  expect(wide.low).toBeLessThan(5);
  expect(wide.low).toBeGreaterThan(3.3);
  expect(wide.high).toBeGreaterThan(5);
  expect(ratioInterval(0, 0, 0.5, 0.05)).toEqual({ low: 0, high: Number.POSITIVE_INFINITY });
});

test("the quotient of means lies around the quotient of the averages", () => {
  const arm = (mean: number) => ({ units: 5_000, sum: 5_000 * mean, sumSquares: 5_000 * (mean ** 2 + 0.01) });
  const { low, high } = meanRatioInterval({ share: 0.5, centre: 0.5, min: 0, max: 1 }, arm(0.45), arm(0.5), 0.05);
  expect(low).toBeLessThan(0.9);
  expect(high).toBeGreaterThan(0.9);
  expect(low).toBeGreaterThan(0.85);
  expect(high).toBeLessThan(0.95);
});

test("shares as planned are no mismatch however many units come; shares that are off are found", () => {
  const arms = (a: number, b: number, c: number) => [
    { share: 0.1, exposed: a },
    { share: 0.3, exposed: b },
    { share: 0.6, exposed: c },
  ];
  expect(logMismatch(arms(0, 0, 0))).toBeCloseTo(0, 9);
  expect(logMismatch(arms(10_000, 30_000, 60_000))).toBeLessThan(0);
  expect(logMismatch(arms(9_000, 30_000, 60_000))).toBeGreaterThan(7);
});
