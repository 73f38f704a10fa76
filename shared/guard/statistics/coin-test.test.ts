import fc from "fast-check";
import { expect, test } from "vitest";
import { coinTest } from "./coin-test.ts";
import { nullShare, rateTest } from "./rate-test.ts";

const harm = fc.constantFrom("more" as const, "fewer" as const);
const probability = fc.double({ min: 0.0005, max: 0.9995, noNaN: true });
const counts = fc.record({ a: fc.nat(3_000), b: fc.nat(30_000) });

test("one more unit leaves the e-value where it was on average at the border, and lowers it inside the null", () => {
  fc.assert(
    fc.property(
      probability,
      harm,
      counts,
      fc.double({ min: 0.05, max: 1, noNaN: true }),
      (p0, direction, { a, b }, part) => {
        const { logEvidence } = coinTest({ null: p0, harm: direction });
        const now = logEvidence(a, b);
        const event = Math.exp(logEvidence(a + 1, b) - now);
        const other = Math.exp(logEvidence(a, b + 1) - now);
        const mean = (p: number) => p * event + (1 - p) * other;
        expect(mean(p0)).toBeCloseTo(1, 6);
        const harmless = direction === "more" ? p0 * part : 1 - (1 - p0) * part;
        expect(mean(harmless)).toBeLessThanOrEqual(1 + 1e-9);
      },
    ),
  );
});

test("before anything is known the e-value is 1", () => {
  fc.assert(
    fc.property(probability, harm, (p0, direction) => {
      expect(coinTest({ null: p0, harm: direction }).logEvidence(0, 0)).toBeCloseTo(0, 12);
    }),
  );
});

test("events in the treatment speak for harm by more, and against harm by fewer", () => {
  fc.assert(
    fc.property(probability, counts, (p0, { a, b }) => {
      const more = coinTest({ null: p0, harm: "more" });
      const fewer = coinTest({ null: p0, harm: "fewer" });
      expect(more.logEvidence(a + 1, b)).toBeGreaterThan(more.logEvidence(a, b));
      expect(fewer.logEvidence(a + 1, b)).toBeLessThan(fewer.logEvidence(a, b));
    }),
  );
});

test("no unit adds more than the largest step", () => {
  fc.assert(
    fc.property(probability, harm, counts, (p0, direction, { a, b }) => {
      const one = coinTest({ null: p0, harm: direction });
      const limit = one.logEvidence(a, b) + one.largestStep + 1e-9;
      expect(one.logEvidence(a + 1, b)).toBeLessThanOrEqual(limit);
      expect(one.logEvidence(a, b + 1)).toBeLessThanOrEqual(limit);
    }),
  );
});

test("the tolerated ratio moves the treatment's share among failing units as the two rates say", () => {
  fc.assert(
    fc.property(
      probability,
      fc.double({ min: 0.001, max: 0.3, noNaN: true }),
      fc.double({ min: 0.1, max: 3, noNaN: true }),
      (share, control, ratio) => {
        const treatment = control * ratio;
        const failing = share * treatment + (1 - share) * control;
        expect(nullShare({ share, ratio, harm: "more" })).toBeCloseTo((share * treatment) / failing, 10);
      },
    ),
  );
});

test("a difference that is tolerated gathers no evidence, one beyond it gathers much", () => {
  const tolerant = rateTest({ share: 0.5, ratio: 1.5, harm: "more" });
  expect(tolerant.logEvidence(1_400, 1_000)).toBeLessThan(0);
  expect(tolerant.logEvidence(3_000, 1_000)).toBeGreaterThan(50);
  const dip = rateTest({ share: 0.5, ratio: 0.95, harm: "fewer" });
  expect(dip.logEvidence(970, 1_000)).toBeLessThan(0);
  expect(dip.logEvidence(700, 1_000)).toBeGreaterThan(10);
});
