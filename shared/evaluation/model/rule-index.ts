import type { AttributePath } from "./attribute-path.ts";
import type { Predicate } from "./predicate.ts";
import type { Split } from "./split.ts";

/*
 * Flags with rules, turned around: from a condition to the clauses that it guards. Of all conditions in a project few
 * hold for one subject. So a bulk evaluation asks each once and visits only the clauses behind those that hold, and
 * its time goes by them, not by how many rules all flags have together. Conjunctions that begin alike are asked
 * together: where their beginning does not hold, none of them does. And conditions that test an attribute for texts are
 * found by the text that the subject has, however many there are.
 */

export interface RuleIndex {
  /** Each once, whichever clauses it guards; those of a group stand together. */
  readonly conditions: readonly Predicate[];
  /** Those that are asked one by one. */
  readonly groups: readonly Group[];
  readonly lookups: readonly Lookup[];
  /** Per condition: its first use; one more at the end. */
  readonly starts: Int32Array;
  /** Records of USE_LENGTH numbers. A flag's clauses ascend. */
  readonly uses: Int32Array;
  /** Per flag: the mark of the clause that serves whom no condition holds for. */
  readonly otherwise: Int32Array;
  /** Per flag, while an answer is made: the least mark of its clauses that hold or are blocked. */
  readonly marks: Int32Array;
  /** While an answer is made: flags, by their places, that may get another result than usual. */
  readonly touched: Int32Array;
  /** How many flags every subject touches, since a split serves whom no condition holds for. Their places come first. */
  readonly always: number;
  /** Per clause: its split's place in `splits`; -1 when it serves one result. */
  readonly splitOf: Int32Array;
  /** Per clause that serves one result: what that adds to the place of the chunk. */
  readonly adds: Int32Array;
  readonly splits: readonly Split[];
  /** Per flag: a record of RULED_LENGTH numbers. */
  readonly flags: Int32Array;
}

/** Where each number of a record in `RuleIndex.uses` stands. */
export const USE_FLAG = 0;
/** The clause, as a mark that is not blocked. */
export const USE_MARK = 1;
export const USE_LENGTH = 2;

/** A mark is the number of a clause, shifted by MARK_BITS, and whether that clause is blocked. */
export const MARK_BITS = 1;
export const MARK_BLOCKED = 1;

/** Where each number of a record in `RuleIndex.flags` stands: the flag is one of the part's. */
export const RULED_FLAG = 0;
export const RULED_CHUNK = 1;
/** The result that the place of the chunk has counted already. */
export const RULED_COUNTED = 2;
/** What a result counts for in the place of the chunk. */
export const RULED_COUNTS = 3;
export const RULED_LENGTH = 4;

/** Conditions from `start` to `end`. */
export interface Group {
  /** A part of each of them, or all of it: unless it is true or blocked, neither are they. Null: they have none. */
  readonly guard: Predicate | null;
  readonly start: number;
  readonly end: number;
}

/** Groups whose guards ask for texts in one attribute. */
export interface Lookup {
  readonly path: AttributePath;
  /** How many characters of the attribute's end are looked up, each length in turn; WHOLE for all of it. */
  readonly lengths: readonly number[];
  /** By text: the group's place, or that of several of them, inverted. */
  readonly byText: ReadonlyMap<string, number>;
  readonly several: readonly (readonly number[])[];
  readonly groups: readonly Group[];
}

export const WHOLE = 0;
