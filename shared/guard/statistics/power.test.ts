import { expect, test } from "vitest";
import {
  coinDivergence,
  detectability,
  detectableRate,
  expectedUnits,
  informationPerUnit,
  twoSampleBound,
} from "./power.ts";

test("divergence is zero only between equal coins", () => {
  expect(coinDivergence(0.3, 0.3)).toBe(0);
  expect(coinDivergence(0.5, 0.25)).toBeCloseTo(0.5 * Math.log(2) + 0.5 * Math.log(2 / 3), 12);
  expect(coinDivergence(0.1, 0)).toBe(Number.POSITIVE_INFINITY);
});

test("no pair of tolerated rates is nearer than the one found", () => {
  const test = { share: 0.1, ratio: 1.2, harm: "more" } as const;
  const rates = { control: 0.01, treatment: 0.05 };
  const found = informationPerUnit(test, rates);
  for (let q = 0.0005; q < 0.2; q += 0.0005) {
    const there = 0.1 * coinDivergence(0.05, 1.2 * q) + 0.9 * coinDivergence(0.01, q);
    expect(found).toBeLessThanOrEqual(there + 1e-12);
  }
});

test("tolerated rates tell nothing, so nothing detects them", () => {
  const test = { share: 0.5, ratio: 1.5, harm: "more" } as const;
  expect(informationPerUnit(test, { control: 0.02, treatment: 0.03 })).toBe(0);
  expect(twoSampleBound(test, { control: 0.02, treatment: 0.03 }, 0.01)).toBe(Number.POSITIVE_INFINITY);
});

test("a smaller share of treatment, a smaller effect and a smaller alpha need more units", () => {
  const bound = (share: number, treatment: number, alpha: number) =>
    twoSampleBound({ share, ratio: 1, harm: "more" }, { control: 0.01, treatment }, alpha);
  expect(bound(0.01, 0.05, 0.01)).toBeGreaterThan(5 * bound(0.1, 0.05, 0.01));
  expect(bound(0.1, 0.02, 0.01)).toBeGreaterThan(5 * bound(0.1, 0.05, 0.01));
  expect(bound(0.1, 0.05, 0.0001)).toBeCloseTo(2 * bound(0.1, 0.05, 0.01), 6);
});

test("the detectable rate is the one whose detection takes just the units given, and worse ones take fewer", () => {
  const more = { share: 0.1, ratio: 1.1, harm: "more" } as const;
  const rate = detectableRate(more, 0.01, 0.001, 5_000) as number;
  expect(expectedUnits(more, { control: 0.01, treatment: rate }, 0.001)).toBeCloseTo(5_000, 0);
  expect(expectedUnits(more, { control: 0.01, treatment: 1.2 * rate }, 0.001)).toBeLessThan(5_000);
  const fewer = { share: 0.5, ratio: 0.98, harm: "fewer" } as const;
  expect(detectableRate(fewer, 0.1, 0.001, 20_000)).toBeLessThan(0.098);
  expect(detectableRate(more, 0.01, 0.001, 20)).toBeNull();
});

test("minutes follow from units and traffic", () => {
  const test = { share: 0.5, ratio: 1, harm: "more" } as const;
  const { units, minutes, bound } = detectability(test, { control: 0.01, treatment: 0.05 }, 0.001, 100);
  expect(minutes).toBeCloseTo(units / 100, 9);
  expect(units).toBeGreaterThan(bound);
  expect(detectability(test, { control: 0.01, treatment: 0.05 }, 0.001, 0).minutes).toBeNull();
});
