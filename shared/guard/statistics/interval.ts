import { coinTest, type Harm } from "./coin-test.ts";
import { logMeanEvidence, type MeanTest, type Moments } from "./mean-test.ts";

/**
 * Bounds that hold at all times together with the stated confidence, so that one may look as often as one likes: a
 * confidence sequence (Darling & Robbins 1967, Confidence sequences for mean, variance and median, PNAS 58). Each is
 * what the guard's own one-sided tests do not reject at half of alpha in either direction (the duality of Howard et
 * al. 2021, Ann. Stat. 49): where a guard at that level would stop a release, its interval lies beyond the tolerance.
 */
export interface Interval {
  low: number;
  high: number;
}

/** Halvings of the search: past them a picture shows no difference. */
const STEPS = 44;

/** For a probability, after `events` of `events + others`. */
export function coinInterval(events: number, others: number, alpha: number): Interval {
  const bar = Math.log(2 / alpha);
  const rejects = (harm: Harm) => (logOdds: number) =>
    coinTest({ null: 1 / (1 + Math.exp(-logOdds)), harm }).logEvidence(events, others) >= bar;
  const best = Math.log((events + 0.5) / (others + 0.5));
  const probability = (logOdds: number) => 1 / (1 + Math.exp(-logOdds));
  return {
    low: events === 0 ? 0 : probability(edge(best, best - 30, rejects("more"))),
    high: others === 0 ? 1 : probability(edge(best, best + 30, rejects("fewer"))),
  };
}

/** The farthest point, on the way from one that is not rejected, that is not rejected either. */
function edge(inside: number, outside: number, rejected: (point: number) => boolean): number {
  if (!rejected(outside)) return outside;
  let kept = inside;
  let out = outside;
  for (let step = 0; step < STEPS; step++) {
    const middle = (kept + out) / 2;
    if (rejected(middle)) out = middle;
    else kept = middle;
  }
  return kept;
}

/**
 * For the quotient of two rates, treatment over control, from the units with the event in each arm: the coin of
 * rate-test.ts, turned into a quotient. `high` is infinite while the control has too few.
 */
export function ratioInterval(treatment: number, control: number, share: number, alpha: number): Interval {
  const { low, high } = coinInterval(treatment, control, alpha);
  const quotient = (theta: number) =>
    theta > 1 - 1e-9 ? Number.POSITIVE_INFINITY : ((theta / (1 - theta)) * (1 - share)) / share;
  return { low: quotient(low), high: quotient(high) };
}

/** For the quotient of two bounded means. */
export function meanRatioInterval(
  test: Omit<MeanTest, "ratio" | "harm">,
  treatment: Moments,
  control: Moments,
  alpha: number,
): Interval {
  const bar = Math.log(2 / alpha);
  const rejects = (harm: Harm) => (ratio: number) =>
    logMeanEvidence({ ...test, ratio, harm }, treatment, control) >= bar;
  const mean = (arm: Moments) => (arm.units === 0 ? 0 : arm.sum / arm.units);
  const best = mean(control) === 0 ? 1 : mean(treatment) / mean(control);
  let far = Math.max(2, 2 * best);
  while (far < 1e6 && !rejects("fewer")(far)) far *= 2;
  return {
    low: edge(best, 0, rejects("more")),
    high: far < 1e6 ? edge(best, far, rejects("fewer")) : Number.POSITIVE_INFINITY,
  };
}
