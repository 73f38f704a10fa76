/*
 * Metrics that are decided by waiting (missing units, final means) count units by cohort: those whose exposures arrived
 * in the same short span. A cohort is decided as a whole, once, by the store's own clock; nothing has to be scanned, and
 * no late event can take back what was decided.
 */

/** A cohort spans a hundredth of the wait, a second at least: so many are open at most. */
const COHORTS_PER_WAIT = 100;
const LEAST_SPAN_MS = 1_000;

const spanOf = (waitMs: number): number => Math.max(LEAST_SPAN_MS, Math.ceil(waitMs / COHORTS_PER_WAIT));

/** The cohort of a unit whose exposure arrived then. */
export const cohortOf = (arrivedAt: number, waitMs: number): number => Math.floor(arrivedAt / spanOf(waitMs));

/** Whether the cohort is still undecided. */
export const isCohortOpen = (cohort: number, waitMs: number, now: number): boolean =>
  now <= (cohort + 1) * spanOf(waitMs) + waitMs;

export const isOpen = (arrivedAt: number, waitMs: number, now: number): boolean =>
  isCohortOpen(cohortOf(arrivedAt, waitMs), waitMs, now);
