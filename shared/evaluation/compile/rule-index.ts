import { ALL, type Predicate, type Split } from "./predicate.ts";
import type { Clause } from "./program.ts";

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

export interface RuledFlag {
  readonly clauses: readonly Clause[];
  readonly flag: number;
  readonly chunk: number;
  /** What it serves whom none of its conditions holds for, which the chunk's place has counted; null: a split. */
  readonly usual: number | null;
  readonly first: number;
  readonly counts: number;
}

/** What a flag serves whom none of its conditions holds for; null when that is a split. */
export function usualResult(clauses: readonly Clause[]): number | null {
  const served = clauses.find(({ condition }) => condition === null)?.served;
  return typeof served === "number" ? served : null;
}

export function ruleIndexOf(flags: readonly RuledFlag[]): RuleIndex {
  const always = flags.filter(({ usual }) => usual === null);
  const ruled = [...always, ...flags.filter(({ usual }) => usual !== null)];
  const usesOf = new Map<Predicate, number[]>();
  const adds: number[] = [];
  const splitOf: number[] = [];
  const splits: Split[] = [];
  const otherwise: number[] = [];
  for (const [place, { clauses, usual, first, counts }] of ruled.entries()) {
    const counted = usual ?? first;
    for (const { condition, served } of clauses) {
      const mark = adds.length * 2;
      const split = typeof served === "number" ? null : served;
      adds.push(typeof served === "number" ? (served - counted) * counts : 0);
      splitOf.push(split === null ? -1 : splits.push(split) - 1);
      if (condition === null) {
        otherwise.push(mark);
        break;
      }
      const uses = usesOf.get(condition);
      if (uses) uses.push(place, mark);
      else usesOf.set(condition, [place, mark]);
    }
  }
  // What begins alike stands together.
  const byGuard = new Map<Predicate | null, Predicate[]>();
  for (const condition of usesOf.keys()) {
    const guard = condition.op === ALL ? (condition.operand[0] ?? null) : null;
    const known = byGuard.get(guard);
    if (known) known.push(condition);
    else byGuard.set(guard, [condition]);
  }
  const groups: Group[] = [];
  for (const [guard, { length }] of byGuard) {
    const start = groups.at(-1)?.end ?? 0;
    groups.push({ guard, start, end: start + length });
  }
  const conditions = [...byGuard.values()].flat();
  const uses = conditions.map((condition) => usesOf.get(condition) ?? []);
  const starts = [0];
  for (const { length } of uses) starts.push((starts.at(-1) as number) + length);
  return {
    conditions,
    groups,
    starts: Int32Array.from(starts),
    uses: Int32Array.from(uses.flat()),
    otherwise: Int32Array.from(otherwise),
    marks: new Int32Array(ruled.length),
    touched: Int32Array.from(ruled.keys()),
    always: always.length,
    splitOf: Int32Array.from(splitOf),
    adds: Int32Array.from(adds),
    splits,
    flags: Int32Array.from(
      ruled.flatMap(({ flag, chunk, usual, first, counts }) => [flag, chunk, usual ?? first, counts]),
    ),
  };
}
