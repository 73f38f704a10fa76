import { ALL, type Predicate } from "../model/predicate.ts";
import type { Clause } from "../model/program.ts";
import { type Group, MARK_BITS, type RuleIndex } from "../model/rule-index.ts";
import type { Split } from "../model/split.ts";
import { lookupsOf, wantedTexts } from "./lookups.ts";

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
      const mark = adds.length << MARK_BITS;
      const split = typeof served === "number" ? null : served;
      adds.push(typeof served === "number" ? (served - counted) * counts : 0);
      splitOf.push(split === null ? -1 : splits.push(split) - 1);
      if (condition === null) {
        otherwise.push(mark);
        break;
      }
      const uses = usesOf.get(condition);
      // In the order of USE_FLAG, USE_MARK.
      if (uses) uses.push(place, mark);
      else usesOf.set(condition, [place, mark]);
    }
  }
  // What has a part in common stands together.
  const byGuard = new Map<Predicate | null, Predicate[]>();
  for (const condition of usesOf.keys()) {
    const guard = guardOf(condition);
    const known = byGuard.get(guard);
    if (known) known.push(condition);
    else byGuard.set(guard, [condition]);
  }
  const all: Group[] = [];
  for (const [guard, { length }] of byGuard) {
    const start = all.at(-1)?.end ?? 0;
    all.push({ guard, start, end: start + length });
  }
  const { groups, lookups } = lookupsOf(all);
  const conditions = [...byGuard.values()].flat();
  const uses = conditions.map((condition) => usesOf.get(condition) ?? []);
  const starts = [0];
  for (const { length } of uses) starts.push((starts.at(-1) as number) + length);
  return {
    conditions,
    groups,
    lookups,
    starts: Int32Array.from(starts),
    uses: Int32Array.from(uses.flat()),
    otherwise: Int32Array.from(otherwise),
    marks: new Int32Array(ruled.length),
    touched: Int32Array.from(ruled.keys()),
    always: always.length,
    splitOf: Int32Array.from(splitOf),
    adds: Int32Array.from(adds),
    splits,
    // In the order of RULED_FLAG, RULED_CHUNK, RULED_COUNTED, RULED_COUNTS.
    flags: Int32Array.from(
      ruled.flatMap(({ flag, chunk, usual, first, counts }) => [flag, chunk, usual ?? first, counts]),
    ),
  };
}

function guardOf(condition: Predicate): Predicate | null {
  if (condition.op !== ALL) return wantedTexts(condition) === null ? null : condition;
  return condition.operand.find((child) => wantedTexts(child) !== null) ?? condition.operand[0] ?? null;
}
