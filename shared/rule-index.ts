import type { Predicate, Split } from "./predicate.ts";
import type { Clause } from "./program.ts";

/*
 * Flags with rules, turned around: from a condition to the clauses that it guards. Of all conditions in a project few
 * hold for one subject. So a bulk evaluation asks each once and visits only the clauses behind those that hold, and
 * its time goes by them, not by how many rules all flags have together.
 */

export interface RuleIndex {
  /** Each once, whichever clauses it guards. */
  readonly conditions: readonly Predicate[];
  /** Per condition: its first use; one more at the end. */
  readonly starts: Int32Array;
  /** In twos: a flag, by its place here, and its clause, as a mark: twice its number. A flag's clauses ascend. */
  readonly uses: Int32Array;
  /** Per flag: the mark of the clause that serves whom no condition holds for. */
  readonly otherwise: Int32Array;
  /** Per flag, while an answer is made: the least mark of its clauses that hold; odd when that clause is blocked. */
  readonly marks: Int32Array;
  /** Per clause: what its result adds to the place of the chunk; below zero, `~place` of its split. */
  readonly adds: Int32Array;
  readonly splits: readonly Split[];
  /** Per flag, in fours: its number, its chunk, its first result, what a result counts. */
  readonly flags: Int32Array;
}

export interface RuledFlag {
  readonly clauses: readonly Clause[];
  readonly flag: number;
  readonly chunk: number;
  readonly first: number;
  readonly counts: number;
}

export function ruleIndexOf(ruled: readonly RuledFlag[]): RuleIndex {
  const usesOf = new Map<Predicate, number[]>();
  const adds: number[] = [];
  const splits: Split[] = [];
  const otherwise: number[] = [];
  for (const [place, { clauses, first, counts }] of ruled.entries()) {
    for (const { condition, served } of clauses) {
      const mark = adds.length * 2;
      adds.push(typeof served === "number" ? (served - first) * counts : ~(splits.push(served) - 1));
      if (condition === null) {
        otherwise.push(mark);
        break;
      }
      const uses = usesOf.get(condition);
      if (uses) uses.push(place, mark);
      else usesOf.set(condition, [place, mark]);
    }
  }
  const starts = [0];
  for (const uses of usesOf.values()) starts.push((starts.at(-1) as number) + uses.length);
  return {
    conditions: [...usesOf.keys()],
    starts: Int32Array.from(starts),
    uses: Int32Array.from([...usesOf.values()].flat()),
    otherwise: Int32Array.from(otherwise),
    marks: new Int32Array(ruled.length),
    adds: Int32Array.from(adds),
    splits,
    flags: Int32Array.from(ruled.flatMap(({ flag, chunk, first, counts }) => [flag, chunk, first, counts])),
  };
}
