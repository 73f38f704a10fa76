import type { SegmentList } from "../../segments/segment-list.ts";
import type { AttributePath } from "./attribute-path.ts";
import type { SearchTest } from "./search.ts";
import type { Share } from "./split.ts";
import type { Truth } from "./truth.ts";
import type { TextList, ValueTest } from "./value-test.ts";
import type { VersionBound } from "./version.ts";

/*
 * Conditions as the evaluator runs them. Equal conditions of a snapshot are one predicate, whichever flags they
 * stand in, so that each is decided once per subject. A predicate says nothing of what it refers to but a slot, so it
 * stays the same from one version of a snapshot to the next.
 */

export const CONSTANT = 0;
export const ALL = 1;
export const ANY = 2;
export const NOT = 3;
/** Something stands before the rules unless this is true: blocked stays blocked, everything else but true is true. */
export const UNLESS = 4;
export const SEGMENT = 5;
export const FLAG = 6;
/** The subject's bucket lies in a share: a holdout, a layer. */
export const WITHIN = 7;
/** It is not yet this instant: a rule that expires. */
export const UNTIL = 8;
/** A test of an attribute that searches: it takes the whole value, arrays too, and what it may spend on it. */
export const SEARCH = 9;
/** From here on: other tests of an attribute. The first is any operator without a code of its own, as a function. */
export const VALUE = 10;
/** From here on: tests that are quicker repeated than remembered. */
export const BRIEF = 11;
export const EXISTS = 11;
export const EQUALS = 12;
export const ONE_OF = 13;
export const ENDS_WITH = 14;
export const GT = 15;
export const GTE = 16;
export const LT = 17;
export const LTE = 18;
export const VERSION = 19;

export interface CompiledSegment {
  readonly key: string;
  readonly by: AttributePath;
  readonly included: ReadonlySet<string>;
  readonly excluded: ReadonlySet<string>;
  /** Its long list, looked up before evaluation. */
  readonly list: SegmentList | null;
  readonly when: Predicate | null;
}

export interface FlagOperand {
  readonly slot: number;
  readonly variants: readonly string[];
}

/** A memo's bits for the truth, and the mask that reads them. */
export const MEMO_BITS = 2;
export const MEMO_TRUTH = 3;

/** One shape for all, so that the engine reads every predicate alike. */
interface Shape<Op extends number, Operand, Path> {
  /** Its number in the pool. */
  readonly id: number;
  /**
   * Worth remembering: it stands in several places. Tests of flags and segments always are, or diamonds of
   * dependencies would be walked once per path; and searches, which may run once for each subject.
   */
  shared: boolean;
  /** Of the subject it was decided for last: the stamp, shifted by MEMO_BITS, and the truth. */
  memo: number;
  /** It can come out blocked: there is a test of a flag in it. */
  readonly blockable: boolean;
  readonly op: Op;
  readonly path: Path;
  readonly operand: Operand;
}
interface Combination<Op extends number, Operand> extends Shape<Op, Operand, null> {}
interface Test<Op extends number, Operand> extends Shape<Op, Operand, AttributePath> {}

export type AttributePredicate =
  | Test<typeof EXISTS, null>
  | Test<typeof EQUALS, string>
  | Test<typeof ONE_OF, TextList>
  | Test<typeof ENDS_WITH, string>
  | Test<typeof GT | typeof GTE | typeof LT | typeof LTE, number>
  | Test<typeof VERSION, VersionBound>
  | Test<typeof VALUE, ValueTest>;
export interface SearchPredicate extends Test<typeof SEARCH, SearchTest> {}

export interface Conjunction extends Combination<typeof ALL | typeof ANY, readonly Predicate[]> {}
export interface Inversion extends Combination<typeof NOT | typeof UNLESS, Predicate> {}

export type Predicate =
  | AttributePredicate
  | SearchPredicate
  | Conjunction
  | Inversion
  | Combination<typeof CONSTANT, Truth>
  /** The segment's slot. */
  | Combination<typeof SEGMENT, number>
  | Combination<typeof FLAG, FlagOperand>
  | Combination<typeof WITHIN, Share>
  | Combination<typeof UNTIL, number>;

/** What a predicate does, before it is tied to an attribute and to its place. */
type Bare<P> = P extends Predicate ? Pick<P, "op" | "operand"> : never;
export type ScalarTest = Bare<AttributePredicate>;
export type AnyTest = ScalarTest | Bare<SearchPredicate>;
export type BarePredicate = Bare<Predicate>;
