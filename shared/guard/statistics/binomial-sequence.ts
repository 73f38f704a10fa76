/*
 * A confidence sequence for a share of people: an interval that may be looked at after every single person, and
 * stopped at whenever somebody likes, without losing its level. Robbins' mixture martingale with a Beta(1/2, 1/2)
 * mixture (Robbins 1970; Howard et al. 2021, "Time-uniform, nonparametric, nonasymptotic confidence sequences",
 * section 3.2; the mixture is Krichevsky and Trofimov's):
 *
 *   M_n(p) = [ B(s + 1/2, n - s + 1/2) / B(1/2, 1/2) ] / [ p^s (1 - p)^(n - s) ]
 *
 * is a nonnegative martingale with mean 1 when the true share is p, so by Ville's inequality it ever reaches 1/alpha
 * with probability at most alpha. The interval holds every p for which it has not. Exact for any n, no approximation.
 */

/** Of a share, both between 0 and 1. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/**
 * All shares that the counts do not contradict.
 *
 * @param successes of `trials`; both whole numbers
 * @param alpha probability that the sequence of intervals ever misses the true share
 */
export function binomialSequence(successes: number, trials: number, alpha: number): Interval {
  if (trials <= 0) return { lower: 0, upper: 1 };
  const failures = trials - successes;
  const evidence = logBeta(successes + 0.5, failures + 0.5) - LOG_PI;
  const contradicted = (share: number): boolean =>
    evidence - times(successes, Math.log(share)) - times(failures, Math.log1p(-share)) >= -Math.log(alpha);
  const observed = successes / trials;
  // The martingale is convex in p with its least value at the observed share, so each side has one crossing.
  return {
    lower: successes === 0 ? 0 : crossing(0, observed, contradicted),
    upper: failures === 0 ? 1 : 1 - crossing(0, 1 - observed, (share) => contradicted(1 - share)),
  };
}

/** The largest contradicted share between `out`, which is contradicted, and `inside`, which is not. */
function crossing(out: number, inside: number, contradicted: (share: number) => boolean): number {
  let low = out;
  let high = inside;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (contradicted(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** Nothing times minus infinity is nothing here: p^0 is 1 for every p. */
const times = (count: number, log: number): number => (count === 0 ? 0 : count * log);

/** B(1/2, 1/2) is pi. */
const LOG_PI = Math.log(Math.PI);

const logBeta = (a: number, b: number): number => logGamma(a) + logGamma(b) - logGamma(a + b);

/** ln of the gamma function for x > 0: Stirling's series, after stepping up to where it is exact to 1e-12. */
function logGamma(x: number): number {
  let shift = 0;
  let z = x;
  while (z < 10) {
    shift += Math.log(z);
    z++;
  }
  const inverse = 1 / (z * z);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / z;
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - shift;
}

/** What a test is planned with: shares between 0 and 1. */
export interface DemandPlan {
  /** What would make it worth building. */
  readonly bar: number;
  /** What is hoped for. */
  readonly expected: number;
  readonly alpha: number;
}

/** Standard normal quantile of 0.8: four tests of five end by the number that is given. */
const QUANTILE_80 = 0.8416;
/** Beyond, no site waits for an answer. */
const MOST_PEOPLE = 10_000_000;

/**
 * How many people must have seen the door until the interval lies on one side of the bar, in four of five tests, if
 * the true share is as expected. Null: never, because expectation and bar are too close, or beyond ten million.
 */
export function peopleNeeded({ bar, expected, alpha }: DemandPlan): number | null {
  if (expected === bar) return null;
  const decides = (people: number): boolean => {
    const spread = QUANTILE_80 * Math.sqrt(people * expected * (1 - expected));
    const towards = expected > bar ? -spread : spread;
    const clicks = Math.min(people, Math.max(0, Math.round(people * expected + towards)));
    const { lower, upper } = binomialSequence(clicks, people, alpha);
    return expected > bar ? lower >= bar : upper < bar;
  };
  let high = 16;
  while (!decides(high)) {
    high *= 2;
    if (high > MOST_PEOPLE) return null;
  }
  let low = high / 2;
  while (low + 1 < high) {
    const middle = Math.floor((low + high) / 2);
    if (decides(middle)) high = middle;
    else low = middle;
  }
  return high;
}
