import fc from "fast-check";
import { expect, test } from "vitest";
import { logMeanEvidence, type Moments, minus } from "./mean-test.ts";

const none: Moments = { units: 0, sum: 0, sumSquares: 0 };
const plus = (arm: Moments, x: number): Moments => ({
  units: arm.units + 1,
  sum: arm.sum + x,
  sumSquares: arm.sumSquares + x * x,
});
const unit = fc.double({ min: 0, max: 1, noNaN: true });

test("one more unit does not raise the e-value on average when the means are as tolerated, whatever the centre", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      fc.double({ min: 0.5, max: 2, noNaN: true }),
      fc.constantFrom("more" as const, "fewer" as const),
      unit,
      fc.array(unit, { maxLength: 5 }),
      unit,
      (share, ratio, harm, centre, past, controlMean) => {
        fc.pre(controlMean * ratio <= 1);
        const test = { share, ratio, harm, centre, min: 0, max: 1 };
        // Values at the ends of the scale are the widest distribution of a mean: the hardest case.
        const before: [Moments, Moments] = [past.reduce(plus, none), past.slice(1).reduce(plus, none)];
        const after = (treated: boolean, x: number) =>
          Math.exp(
            treated
              ? logMeanEvidence(test, plus(before[0], x), before[1])
              : logMeanEvidence(test, before[0], plus(before[1], x)),
          );
        const average = (treated: boolean, mean: number) => mean * after(treated, 1) + (1 - mean) * after(treated, 0);
        const next = share * average(true, controlMean * ratio) + (1 - share) * average(false, controlMean);
        expect(next).toBeLessThanOrEqual(Math.exp(logMeanEvidence(test, ...before)) * (1 + 1e-9));
      },
    ),
  );
});

test("a lower mean is found where lower is harm, and not where higher is", () => {
  const arm = (mean: number, units: number): Moments => ({
    units,
    sum: mean * units,
    sumSquares: (mean * mean + 0.01) * units,
  });
  const test = { share: 0.5, ratio: 1, centre: 0.5, min: 0, max: 1 };
  expect(logMeanEvidence({ ...test, harm: "fewer" }, arm(0.4, 2_000), arm(0.5, 2_000))).toBeGreaterThan(20);
  expect(logMeanEvidence({ ...test, harm: "more" }, arm(0.4, 2_000), arm(0.5, 2_000))).toBeLessThan(0);
});

test("totals from a point on are the difference of totals", () => {
  const early = [0.2, 0.4].reduce(plus, none);
  expect(minus([0.2, 0.4, 0.9].reduce(plus, none), early)).toMatchObject({ units: 1, sum: expect.closeTo(0.9, 9) });
});
