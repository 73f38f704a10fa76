/**
 * Anytime-valid one-sided test of a probability: does an event happen more often (or less often) than `null`?
 *
 * For p > p0 the likelihood ratio (p/p0)^a · ((1−p)/(1−p0))^b of `a` events and `b` non-events is a non-negative
 * supermartingale starting at 1 under every true probability up to p0, also one that changes with time and with what
 * came before, because its next factor's mean rises with that probability and is 1 at p0. So is a mixture of such
 * ratios. By Ville's inequality (Ville 1939, Étude critique de la notion de collectif) it ever reaches 1/alpha with
 * probability at most alpha, however often one looks: a mixture test after Robbins (1970, Statistical methods related
 * to the law of the iterated logarithm, Ann. Math. Stat. 41), an e-process in today's words (Shafer 2021, Testing by
 * betting, JRSS A 184). It depends on two counts alone: the order of events, restarts and repeated looks change
 * nothing.
 *
 * The mixture. Alternatives multiply the null's odds by exp(±delta), with delta spread evenly on a logarithmic scale,
 * as a discrete mixture (Howard, Ramdas, McAuliffe & Sekhon 2021, Time-uniform, nonparametric, nonasymptotic
 * confidence sequences, Ann. Stat. 49, section 3). When a test at level alpha ends, delta is known to about
 * delta / sqrt(2 · log(1/alpha)), whatever delta is: such a mixture pays about the same price, two nats, for small
 * effects as for large ones. bench/guard.ts measures it.
 */
export interface CoinTest {
  /** p0: the largest harmless probability (for `fewer`: the smallest). Between 0 and 1, exclusive. */
  null: number;
  /** Which direction is harm. */
  harm: Harm;
}
export type Harm = "more" | "fewer";

/** Effects on the logarithm of the odds: from 3 % to a factor of 33. */
const SMALLEST = 0.03;
const LARGEST = 3.5;
/** Neighbouring effects differ by a quarter: finer than what a finished test can tell apart. */
const EFFECTS: readonly number[] = logarithmic(SMALLEST, LARGEST, 23);

export interface PreparedCoinTest {
  /** Logarithm of the e-value after these counts. Fractions are allowed: see mean-test.ts for what they mean. */
  logEvidence(events: number, others: number): number;
  /** The most that one further unit can add to it: what a simulation may skip without missing a crossing. */
  readonly largestStep: number;
}

/** Prepares a test's mixture: once, then each evaluation costs some twenty multiplications. */
export function coinTest({ null: p0, harm }: CoinTest): PreparedCoinTest {
  const odds = p0 / (1 - p0);
  const ifEvent: number[] = [];
  const ifOther: number[] = [];
  for (const effect of EFFECTS) {
    const shifted = odds * Math.exp(harm === "more" ? effect : -effect);
    const p = shifted / (1 + shifted);
    ifEvent.push(Math.log(p / p0));
    // 1 − p, written so that nothing cancels for small p.
    ifOther.push(-Math.log1p(shifted) + Math.log1p(odds));
  }
  const weight = -Math.log(EFFECTS.length);
  const terms = new Float64Array(EFFECTS.length);
  return {
    largestStep: Math.max(...ifEvent, ...ifOther),
    logEvidence(events, others) {
      for (let k = 0; k < terms.length; k++)
        terms[k] = events * (ifEvent[k] as number) + others * (ifOther[k] as number);
      return weight + logSumExp(terms);
    },
  };
}

/** `count` points from `from` to `to` at equal quotients. */
export function logarithmic(from: number, to: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from * (to / from) ** (index / (count - 1)));
}

/** log(Σ exp(x)), without overflow. */
export function logSumExp(terms: ArrayLike<number>): number {
  let top = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < terms.length; k++) top = Math.max(top, terms[k] as number);
  if (top === Number.NEGATIVE_INFINITY) return top;
  let sum = 0;
  for (let k = 0; k < terms.length; k++) {
    const below = (terms[k] as number) - top;
    // Terms this far down change nothing that a double could hold.
    if (below > -40) sum += Math.exp(below);
  }
  return top + Math.log(sum);
}
