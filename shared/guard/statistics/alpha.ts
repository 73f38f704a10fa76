/**
 * How the probability that one harmless plan is ever taken back is divided among everything that may take it back. A
 * union bound: the parts never add up to more than the whole, so nothing need be known about how the tests depend on
 * each other.
 */
export interface AlphaShares {
  /** Of the whole plan. */
  alpha: number;
  /** Stages of the plan; 1 for a guard without plan. */
  stages: number;
  /** 1-based count of entries into this stage over the plan's life. Going back and restarting count. */
  entry: number;
  /** Guarded metrics of the stage. */
  metrics: number;
  /** Arms compared with the control. */
  arms: number;
}

/** Of a stage's alpha, what the circuit breaker gets; the comparisons get the rest. */
const BREAKER = 0.1;
/** Of the whole alpha, what a plan that never goes back may spend. */
const FIRST_PASS = 0.8;

/**
 * Part of the whole alpha that one entry of a stage may spend. The first pass through all stages keeps four fifths,
 * evenly; every further entry takes its part of the rest as 1/k², which adds up to no more than that rest over any
 * number of restarts, and leaves the tenth still able to see something.
 */
export function entryShare(entry: number, stages: number): number {
  if (entry <= stages) return FIRST_PASS / stages;
  return ((1 - FIRST_PASS) * 6) / (Math.PI * (entry - stages)) ** 2;
}

/** Level of each comparison of one metric in one arm, and of the circuit breaker on one metric in one arm. */
export function splitAlpha({ alpha, stages, entry, metrics, arms }: AlphaShares): {
  comparison: number;
  breaker: number;
} {
  const stage = alpha * entryShare(entry, stages);
  const tests = metrics * arms;
  return { comparison: (stage * (1 - BREAKER)) / tests, breaker: (stage * BREAKER) / tests };
}
