import type { GuardTile, Verdict } from "../schema/guard.ts";
import type { Harm } from "./statistics/coin-test.ts";

/** Units in each arm below which nothing is concluded. A stage of chosen people may have fewer for good. */
export const ENOUGH_UNITS = 20;
/**
 * What "no harm found" has to rule out where less is tolerated: half as many failures again, or a third of the
 * conversions lost. A wider interval leaves harm that a team would want to hear of.
 */
const RULED_OUT: Record<Harm, number> = { more: 1 / 2, fewer: -1 / 3 };
/** The same as a rate, where the control has no event to be compared with. */
const RULED_OUT_RATE = 0.02;

export interface Judged extends Pick<GuardTile, "units" | "reported" | "events" | "interval" | "tolerated"> {
  /** The evidence has reached its bar. */
  isBreached: boolean;
  harm: Harm;
  /** The least harmful rate that the guard would have seen by now; null: even the worst would stay unseen. */
  seen: number | null;
  /** Without a control: the rate that what came before allows; null: nothing did. */
  before?: number | null;
}

/**
 * What may be said of one metric of one arm, from the guard's own numbers. The API and the dashboard show it and add
 * nothing: only a breach is a regression, and only an interval that rules harm out says that none was found.
 */
export function verdictOf(judged: Judged): Verdict {
  if (judged.isBreached) return "regression";
  if (hasNoData(judged)) return "no-data";
  return fewestUnits(judged) >= ENOUGH_UNITS && rulesHarmOut(judged) ? "no-harm-found" : "inconclusive";
}

/** Nobody reports, or nobody of one arm: then nothing can be told of a difference. */
function hasNoData({ units, reported }: Judged): boolean {
  if (reported.treatment + (reported.control ?? 0) === 0) return true;
  return [
    [units.treatment, reported.treatment],
    [units.control, reported.control],
  ].some(([counted, sent]) => counted === 0 && sent === 0);
}

const fewestUnits = ({ units }: Judged): number => Math.min(units.treatment, units.control ?? units.treatment);

function rulesHarmOut({ units, events, interval, tolerated, harm, seen, before = null }: Judged): boolean {
  const { low, high } = interval;
  if (units.control === null) {
    // A budget says what matters; without one, what came before does.
    const allowed = tolerated ?? before;
    if (allowed === null) return false;
    return harm === "more" ? high !== null && high <= allowed : low !== null && low >= allowed;
  }
  if (harm === "fewer") return low !== null && low >= Math.min(tolerated ?? 0, RULED_OUT.fewer);
  if (high !== null) return high <= Math.max(tolerated ?? 0, RULED_OUT.more);
  return events.control === 0 && seen !== null && seen <= RULED_OUT_RATE;
}
