import type { Predicate } from "./predicate.ts";
import type { Split } from "./split.ts";

/*
 * Flags with rules, turned around: from a condition to the clauses that it guards. Of all conditions in a project few
 * hold for one subject. So a bulk evaluation asks each once and visits only the clauses behind those that hold, and
 * its time goes by them, not by how many rules all flags have together. Conjunctions that begin alike are asked
 * together: where their beginning does not hold, none of them does.
 */

export interface RuleIndex {
  /** Each once, whichever clauses it guards; those of a group stand together. */
  readonly conditions: readonly Predicate[];
  readonly groups: readonly Group[];
  /** Per condition: its first use; one more at the end. */
  readonly starts: Int32Array;
  /** In twos: a flag, by its place here, and its clause, as a mark: twice its number. A flag's clauses ascend. */
  readonly uses: Int32Array;
  /** Per flag: the mark of the clause that serves whom no condition holds for. */
  readonly otherwise: Int32Array;
  /** Per flag, while an answer is made: the least mark of its clauses that hold; odd when that clause is blocked. */
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
  /** Per flag, in fours: its number, its chunk, the result that is counted already, what a result counts. */
  readonly flags: Int32Array;
}

/** Conditions from `start` to `end`. */
export interface Group {
  /** What their conjunctions begin with: unless it is true or blocked, neither are they. Null: they are none. */
  readonly guard: Predicate | null;
  readonly start: number;
  readonly end: number;
}
