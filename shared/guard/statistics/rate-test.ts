import { coinTest, type Harm, type PreparedCoinTest } from "./coin-test.ts";

/**
 * Compares a rate in two arms that run at the same time, with one outcome per unit.
 *
 * Law. Units fall into arms by hash, so a unit is in the treatment with probability `share` whatever else is true of
 * it. Look only at units that had the event (that failed, that converted). If at every moment the treatment's rate is
 * at most `ratio` times the control's, then, whatever happened before, the next such unit is in the treatment with
 * probability at most
 *
 *     theta0 = share · ratio / (share · ratio + 1 − share),
 *
 * so the arms of units with the event are a coin sequence, and coin-test.ts applies. An outage, a busy hour, a bad
 * cohort or a bot that both arms meet changes how often units fail, not in which arm: it cancels. This is the
 * sequential form of the comparison of two Poisson rates by conditioning on their sum (Przyborowski & Wilenski 1940,
 * Homogeneity of results in testing samples from Poisson series, Biometrika 31).
 */
export interface RateTest {
  /** Probability of the treatment among the two arms. Between 0 and 1, exclusive. */
  share: number;
  /** Tolerated quotient of the rates, treatment over control; 1: any lasting difference counts. */
  ratio: number;
  /** Whether the treatment does harm by more of the events (errors) or by fewer (conversions). */
  harm: Harm;
}

/** theta0 of the law above. */
export const nullShare = ({ share, ratio }: RateTest): number => (share * ratio) / (share * ratio + 1 - share);

/** `logEvidence(treatment, control)`: of units with the event, in each arm. */
export const rateTest = (test: RateTest): PreparedCoinTest => coinTest({ null: nullShare(test), harm: test.harm });
