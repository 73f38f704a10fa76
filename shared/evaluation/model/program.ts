import type { Predicate } from "./predicate.ts";
import type { Split } from "./split.ts";

/**
 * What a flag does beneath kills, as a list: the users for whom the condition holds are served, unless an earlier clause has
 * served already. The whole precedence is such a list: prerequisites, holdout and layer are clauses that serve the off
 * variant, rules follow, and a clause that always serves ends the list.
 */
export interface Clause {
  /** Null: always. */
  readonly condition: Predicate | null;
  /** The number of a result, or a split, which does not serve who lacks the attribute that buckets. */
  readonly served: number | Split;
}

/** A clause for who walks from one to the next; conjunctions are taken apart. */
export interface Step {
  readonly condition: Predicate | null;
  /** Null: the next step must hold as well. */
  readonly served: number | Split | null;
  /** Null after the last. */
  readonly next: Step | null;
  /** Where to go on when the condition does not hold: past the rest of its conjunction. */
  readonly otherwise: Step | null;
}

export const NONE = -1;
