import type { RateTest } from "./rate-test.ts";

/** Kullback–Leibler divergence between two coins, in nats. */
export function coinDivergence(p: number, q: number): number {
  const part = (x: number, y: number) => (x === 0 ? 0 : y === 0 ? Number.POSITIVE_INFINITY : x * Math.log(x / y));
  return part(p, q) + part(1 - p, 1 - q);
}

/** Rates of the event in the two arms, each between 0 and 1. */
export interface Rates {
  control: number;
  treatment: number;
}

/**
 * What one exposed unit (of either arm) tells against the null hypothesis, in nats: the divergence of the true rates
 * from the nearest pair that is tolerated. Zero when the rates are tolerated.
 */
export function informationPerUnit({ share, ratio, harm }: RateTest, { control, treatment }: Rates): number {
  const harmless = harm === "more" ? treatment <= ratio * control : treatment >= ratio * control;
  if (harmless) return 0;
  const divergence = (q: number) =>
    share * coinDivergence(treatment, Math.min(1, ratio * q)) + (1 - share) * coinDivergence(control, q);
  // Convex in q: the nearest tolerated pair lies on the line treatment = ratio · control.
  let low = Math.min(control, treatment / ratio);
  let high = Math.min(Math.max(control, treatment / ratio), 1 / Math.max(1, ratio));
  for (let step = 0; step < 80; step++) {
    const third = (high - low) / 3;
    if (divergence(low + third) < divergence(high - third)) high -= third;
    else low += third;
  }
  return divergence((low + high) / 2);
}

/**
 * The two-sample bound: units, of both arms together, that any test needs on average which errs with probability at
 * most `alpha` however often it looks. E[N] · information ≥ log(1/alpha) (Wald 1945, Sequential tests of statistical
 * hypotheses, Ann. Math. Stat. 16; Farrell 1964, Asymptotic behavior of expected sample size in certain one sided
 * tests, Ann. Math. Stat. 35). Infinite when there is nothing to detect.
 */
export function twoSampleBound(test: RateTest, rates: Rates, alpha: number): number {
  return Math.log(1 / alpha) / informationPerUnit(test, rates);
}

/** What the mixture of coin-test.ts costs beyond the bound, in nats: measured by bench/guard.ts, about alike for all effects. */
const PRICE = 2;

/**
 * Units, of both arms together, at which the guard's own test stops a release on average: the bound, and the price of
 * not knowing the effect beforehand. Infinite when the rates are tolerated.
 */
export const expectedUnits = (test: RateTest, rates: Rates, alpha: number): number =>
  (Math.log(1 / alpha) + PRICE) / informationPerUnit(test, rates);

/**
 * The treatment's rate that `units` of both arms let the guard see on average; null when even the worst (all of the
 * units with the event, or none) would stay unseen.
 */
export function detectableRate(test: RateTest, control: number, alpha: number, units: number): number | null {
  const seen = (treatment: number) => expectedUnits(test, { control, treatment }, alpha) <= units;
  const worst = test.harm === "more" ? 1 : 0;
  if (!seen(worst)) return null;
  let [unseen, found] = [Math.min(1, test.ratio * control), worst];
  for (let step = 0; step < 50; step++) {
    const middle = (unseen + found) / 2;
    if (seen(middle)) found = middle;
    else unseen = middle;
  }
  return found;
}

/** One stage and metric, as a calculator shows them before the start. */
export interface Detectability {
  bound: number;
  units: number;
  /** At the traffic given; null without any. */
  minutes: number | null;
}

/** @param unitsPerMinute new units of both arms together, at present */
export function detectability(test: RateTest, rates: Rates, alpha: number, unitsPerMinute: number): Detectability {
  const units = expectedUnits(test, rates, alpha);
  return {
    bound: twoSampleBound(test, rates, alpha),
    units,
    minutes: unitsPerMinute > 0 ? units / unitsPerMinute : null,
  };
}
