import type { SegmentList } from "../../segments/segment-list.ts";
import type { CompiledFlag } from "../model/compiled-flag.ts";
import type { CompiledSnapshot } from "../model/compiled-snapshot.ts";
import { ALL, ANY, FLAG, NOT, type Predicate, SEGMENT, UNLESS } from "../model/predicate.ts";
import type { Clause } from "../model/program.ts";

const NO_LISTS: ReadonlySet<SegmentList> = new Set();

/** Which long lists each flag depends on, through conditions, segments and other flags. */
export function collectLists(
  ordered: readonly CompiledFlag[],
  clauses: readonly (readonly Clause[])[],
  predicates: readonly Predicate[],
): Pick<CompiledSnapshot, "lists" | "listsByFlag" | "listsOfTargeted"> {
  const listsByFlag = new Map<string, readonly SegmentList[]>();
  if (!predicates.some((one) => one.op === SEGMENT && one.operand.list))
    return { lists: [], listsByFlag, listsOfTargeted: [] };
  const known = new Map<Predicate | CompiledFlag, ReadonlySet<SegmentList>>();
  const union = (parts: readonly ReadonlySet<SegmentList>[]) => new Set(parts.flatMap((part) => [...part]));
  // What runs in circles was compiled to constants, so this ends.
  const remembered = <T extends Predicate | CompiledFlag>(work: (one: T) => ReadonlySet<SegmentList>) => {
    return (one: T) => {
      let found = known.get(one);
      if (!found) {
        found = work(one);
        known.set(one, found);
      }
      return found;
    };
  };
  const ofPredicate: (one: Predicate) => ReadonlySet<SegmentList> = remembered((one: Predicate) => {
    switch (one.op) {
      case ALL:
      case ANY:
        return union(one.operand.map(ofPredicate));
      case NOT:
      case UNLESS:
        return ofPredicate(one.operand);
      case SEGMENT: {
        const { list, when } = one.operand;
        return union([new Set(list ? [list] : []), when ? ofPredicate(when) : NO_LISTS]);
      }
      case FLAG:
        return ofFlag(one.operand.flag);
      default:
        return NO_LISTS;
    }
  });
  const ofFlag: (flag: CompiledFlag) => ReadonlySet<SegmentList> = remembered(({ index }: CompiledFlag) => {
    const conditions = (clauses[index] ?? []).flatMap(({ condition }) => condition ?? []);
    return union(conditions.map(ofPredicate));
  });
  const all = new Set<SegmentList>();
  const targeted = new Set<SegmentList>();
  for (const flag of ordered) {
    const its = ofFlag(flag);
    if (its.size === 0) continue;
    listsByFlag.set(flag.key, [...its]);
    for (const list of its) {
      all.add(list);
      if (flag.visibility === "targeted") targeted.add(list);
    }
  }
  return { lists: [...all], listsByFlag, listsOfTargeted: [...targeted] };
}
