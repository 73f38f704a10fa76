import { type Harm, logarithmic, logSumExp } from "./coin-test.ts";

/**
 * Compares a bounded mean (a custom metric: basket value, items found, seconds) in two arms that run at the same
 * time, with one value per unit, within declared bounds.
 *
 * A unit of value x pays Z = (x − ratio·m)/share in the treatment and −ratio·(x − m)/(1 − share) in the control.
 * Whatever the centre m, as long as it was fixed before the unit came, the mean of Z is
 * (treatment's mean) − ratio · (control's mean): at most 0 when the treatment is harmless. With Z ≥ −b, betting a
 * fraction lambda of the capital on each unit multiplies it by 1 + lambda·Z/b, a supermartingale (Waudby-Smith &
 * Ramdas 2024, Estimating means of bounded random variables by betting, JRSS B 86). It is bounded from below by
 *
 *     exp(lambda·Z/b − psi(lambda)·(Z/b)²),  psi(lambda) = −log(1 − lambda) − lambda
 *
 * (Fan, Grama & Liu 2015, Exponential inequalities for martingales with applications, Electron. J. Probab. 20,
 * lemma 4.1), whose product over units needs only how many they are, their sum and their sum of squares: sums that
 * merge over shards. The bets are spread over a grid of lambda, and their average is the e-process. A centre near
 * the true mean takes most of the variance out; a wrong one costs power, never validity.
 */
export interface MeanTest {
  share: number;
  ratio: number;
  harm: Harm;
  /** m: a guess of the control's mean made before the units tested here. */
  centre: number;
  /** Every value lies within. */
  min: number;
  max: number;
}

/** Units of an arm with the sum and the sum of squares of their values. */
export interface Moments {
  units: number;
  sum: number;
  sumSquares: number;
}
export const NOTHING: Moments = { units: 0, sum: 0, sumSquares: 0 };

const BETS: readonly number[] = logarithmic(0.002, 0.8, 24);

/** Logarithm of the e-value of these totals. */
export function logMeanEvidence(
  { share, ratio, harm, centre: m, min, max }: MeanTest,
  treatment: Moments,
  control: Moments,
): number {
  const sign = harm === "more" ? 1 : -1;
  const [pays, costs] = [1 / share, ratio / (1 - share)];
  const sum = sign * ((treatment.sum - treatment.units * ratio * m) * pays - (control.sum - control.units * m) * costs);
  const squares = spread(treatment, ratio * m) * pays ** 2 + spread(control, m) * costs ** 2;
  // Any bound on −Z will do; this one holds in both directions and does not vanish with the ratio.
  const worst = Math.max(
    Math.abs(min - ratio * m) * pays,
    Math.abs(max - ratio * m) * pays,
    Math.abs(min - m) * costs,
    Math.abs(max - m) * costs,
  );
  const terms = BETS.map((bet) => (bet * sum) / worst + ((Math.log1p(-bet) + bet) * squares) / worst ** 2);
  return logSumExp(terms) - Math.log(BETS.length);
}

const spread = ({ units, sum, sumSquares }: Moments, centre: number) =>
  Math.max(0, sumSquares - 2 * centre * sum + units * centre ** 2);

export const minus = (a: Moments, b: Moments): Moments => ({
  units: a.units - b.units,
  sum: a.sum - b.sum,
  sumSquares: a.sumSquares - b.sumSquares,
});
