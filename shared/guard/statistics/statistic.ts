import type { Metric } from "../../schema/series.ts";
import { coinTest, type Harm } from "./coin-test.ts";
import { coinInterval, type Interval, meanRatioInterval, ratioInterval } from "./interval.ts";
import { logMeanEvidence, type Moments } from "./mean-test.ts";
import { rateTest } from "./rate-test.ts";

/** Log-evidence of harm. `centre` is the mean test's; before it is fixed there is no evidence. */
type LogEvidence = (treatment: Moments, control: Moments, centre?: number) => number;

/** A way to judge samples that is valid at every look: guard-statistics.md. */
export interface Statistic<M = Metric> {
  /** Treatment against a concurrent control. */
  against(metric: M, bounds: { share: number; ratio: number; harm: Harm }): LogEvidence;
  /** What is shown of the quotient of both. */
  quotient(
    metric: M,
    share: number,
    arms: readonly [Moments, Moments],
    centre: number | undefined,
    alpha: number,
  ): Interval;
  /** One arm against a share; null where an arm alone cannot be judged. */
  alone: {
    against(share: number, harm: Harm): (arm: Moments) => number;
    interval(arm: Moments, alpha: number): Interval;
  } | null;
}

/** Shares of units with an event. */
export const SHARES: Statistic<unknown> = {
  against(_, bounds) {
    const rates = rateTest(bounds);
    return (treatment, control) => rates.logEvidence(treatment.sum, control.sum);
  },
  quotient: (_, share, [treatment, control], __, alpha) => ratioInterval(treatment.sum, control.sum, share, alpha),
  alone: {
    against(share, harm) {
      const coin = coinTest({ null: share, harm });
      return ({ units, sum }) => coin.logEvidence(sum, units - sum);
    },
    interval: ({ units, sum }, alpha) => coinInterval(sum, units - sum, alpha),
  },
};

/** Means of values between two bounds. */
export const MEANS: Statistic<{ min: number; max: number }> = {
  against({ min, max }, bounds) {
    return (treatment, control, centre) =>
      centre === undefined ? 0 : logMeanEvidence({ ...bounds, min, max, centre }, treatment, control);
  },
  quotient: ({ min, max }, share, [treatment, control], centre, alpha) =>
    centre === undefined
      ? { low: 0, high: Number.POSITIVE_INFINITY }
      : meanRatioInterval({ share, centre, min, max }, treatment, control, alpha),
  alone: null,
};
