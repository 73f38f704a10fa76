import { expect, test } from "vitest";
import { entryShare, splitAlpha } from "./alpha.ts";

test("over stages, restarts, metrics, arms and the breaker, the parts never add up to more than alpha", () => {
  for (const stages of [1, 3, 7])
    for (const [metrics, arms] of [
      [1, 1],
      [4, 2],
    ] as const) {
      let spent = 0;
      for (let entry = 1; entry <= 20_000; entry++) {
        const { comparison, breaker } = splitAlpha({ alpha: 0.01, stages, entry, metrics, arms });
        spent += (comparison + breaker) * metrics * arms;
      }
      expect(spent).toBeLessThanOrEqual(0.01);
      expect(spent).toBeGreaterThan(0.0099);
    }
});

test("later restarts spend less than the first pass, and still something", () => {
  expect(entryShare(3, 3)).toBeCloseTo(0.8 / 3, 12);
  for (let entry = 3; entry < 30; entry++) expect(entryShare(entry + 1, 3)).toBeLessThan(entryShare(entry, 3));
  expect(entryShare(13, 3)).toBeGreaterThan(0.001);
});
