/*
 * What others use, on the same units at the same level: one outcome per unit, looked at after every unit with the
 * event. Each says whether the treatment has (one-sided) more or fewer events than the control.
 */

export interface Counts {
  units: number;
  events: number;
}
export interface Look {
  treatment: Counts;
  control: Counts;
  share: number;
  harm: "more" | "fewer";
  alpha: number;
}

const rate = ({ units, events }: Counts) => (units === 0 ? 0 : events / units);
const worse = ({ treatment, control, harm }: Look) =>
  harm === "more" ? rate(treatment) - rate(control) : rate(control) - rate(treatment);

/** The usual alarm: a rate that is half as bad again as the control's, once 20 units are there. No alpha at all. */
export function fixedThreshold({ treatment, control, harm }: Look): boolean {
  if (treatment.units < 20 || control.units < 20) return false;
  const [ours, theirs] = [rate(treatment), rate(control)];
  return harm === "more" ? ours > 1.5 * theirs : ours < theirs / 1.5;
}

/**
 * Mixture SPRT for the difference of two means (Johari, Koomen, Pekelis & Walsh 2022, Always valid inference:
 * continuous monitoring of A/B tests, Operations Research 70), with estimated variances and the mixing variance tuned
 * to the effect that is there, which nobody knows beforehand: an advantage.
 */
export function mixtureSprt(look: Look, effect: number): boolean {
  const { treatment, control, alpha } = look;
  if (treatment.units < 20 || control.units < 20) return false;
  const difference = worse(look);
  if (difference <= 0) return false;
  const pooled = (treatment.events + control.events) / (treatment.units + control.units);
  const variance = pooled * (1 - pooled) * (1 / treatment.units + 1 / control.units);
  if (variance === 0) return false;
  const mixing = effect ** 2;
  const log =
    0.5 * Math.log(variance / (variance + mixing)) + (mixing * difference ** 2) / (2 * variance * (variance + mixing));
  // Half of the two-sided mixture lies on the harmless side.
  return log + Math.log(2) >= Math.log(1 / alpha);
}

/**
 * Asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2024, Time-uniform central limit
 * theory and asymptotic confidence sequences, Ann. Stat. 52, theorem 2.2) of the inverse-probability-weighted difference,
 * one-sided, its rho tuned to the time at which the bound says it should end: an advantage, too.
 */
export function asymptoticSequence(look: Look, tunedTo: number): boolean {
  const { treatment, control, share, harm, alpha } = look;
  const n = treatment.units + control.units;
  if (treatment.units < 20 || control.units < 20) return false;
  const sign = harm === "more" ? 1 : -1;
  const mean = (sign * (treatment.events / share - control.events / (1 - share))) / n;
  const squares = (treatment.events / share ** 2 + control.events / (1 - share) ** 2) / n;
  const variance = squares - mean ** 2;
  const goal = Math.log(1 / alpha);
  const rho2 = (2 * goal + Math.log(1 + 2 * goal)) / tunedTo;
  const radius = Math.sqrt(
    variance * ((2 * (n * rho2 + 1)) / (n ** 2 * rho2)) * Math.log(1 + Math.sqrt(n * rho2 + 1) / (2 * alpha)),
  );
  return mean - radius > 0;
}
