import { logGamma } from "./gamma.ts";

/** How concentrated the alternative is around the planned shares, as a number of units. */
const CONCENTRATION = 1_000;

/**
 * Logarithm of the e-value against "units are exposed in the planned shares", for any number of arms: the
 * Dirichlet-multinomial mixture of Lindon & Malek (2022, Anytime-valid inference for multinomial count data,
 * NeurIPS 35), centred at the shares. A mismatch says that exposures are lost or doubled in one arm, so that every
 * comparison is doubtful; it is reported beside the guards and decides nothing, since a crash that loses exposures
 * must not silence the guard that counts crashes.
 */
export function logMismatch(arms: readonly { share: number; exposed: number }[]): number {
  const total = arms.reduce((sum, arm) => sum + arm.exposed, 0);
  let log = logGamma(CONCENTRATION) - logGamma(CONCENTRATION + total);
  for (const { share, exposed } of arms) {
    if (share === 0) continue;
    const prior = CONCENTRATION * share;
    log += logGamma(prior + exposed) - logGamma(prior) - exposed * Math.log(share);
  }
  return log;
}
