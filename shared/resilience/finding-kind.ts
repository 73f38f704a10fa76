import type { Evidence, FindingAction } from "../schema/resilience.ts";
import type { Facts } from "./facts.ts";

/** Something that a review has noticed, before it is put into words. */
export interface Noticed {
  /** Tells findings of one kind apart, such as a flag; "" where there is one at most. */
  subject: string;
  /** Share of users, 0 to 1, whom the next accident would reach before something stops it. */
  blastRadius: number;
}

export interface FindingWords {
  title: string;
  /** Why it matters. */
  reason: string;
  evidence: Evidence[];
  action: FindingAction;
}

/** A kind of finding: a file of `kinds/` each. Pure. */
export interface FindingKind<N extends Noticed = Noticed> {
  id: string;
  look: (facts: Facts) => N[];
  words: (noticed: N, facts: Facts) => FindingWords;
}

/** Checks that the words of a kind fit what it notices; a list of kinds need not know the difference. */
export const defineKind = <N extends Noticed>(kind: FindingKind<N>): FindingKind => kind as unknown as FindingKind;
