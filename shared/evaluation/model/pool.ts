import type { Predicate } from "./predicate.ts";
import type { Unit } from "./split.ts";

/**
 * What the parts of an environment's snapshot share, and each version of it with the next: a condition is decided and
 * an attribute hashed once per subject, in whichever parts it stands.
 */
export interface Pool {
  /** The stamp last given to a subject. */
  stamp: number;
  /** Predicates made so far, which are numbered. */
  predicates: number;
  /** Search budgets made so far, which are numbered. */
  budgets: number;
  /** Predicates that stand in several parts, by what they say. All others need no name once they are compiled. */
  readonly shared: Map<string, Predicate>;
  /** By attribute. */
  readonly units: Map<string, Unit>;
  /** Of flags and segments that conditions refer to, by their entries' names. A number is never given twice. */
  readonly slots: Map<string, number>;
  slotsGiven: number;
  /** How many names may be kept before those that are no longer needed are looked for. */
  namesAllowed: number;
}
