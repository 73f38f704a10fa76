import type { SegmentList } from "../../segments/segment-list.ts";
import type { Part } from "../model/compiled-flag.ts";
import type { CompiledSnapshot } from "../model/compiled-snapshot.ts";
import type { WiredNode } from "../model/wiring.ts";
import { forEach, type Slices } from "../slices.ts";
import { isSegment, type Named, segmentNamed } from "./wire.ts";

export type Lists = Pick<CompiledSnapshot, "lists" | "listsByFlag" | "listsOfTargeted">;

/** Which long lists each flag depends on, through conditions, segments and other flags. */
export function* collectLists(parts: readonly Part[], named: Named, tangled: ReadonlySet<string>): Slices<Lists> {
  const listsByFlag = new Map<string, readonly SegmentList[]>();
  const all = new Set<SegmentList>();
  const targeted = new Set<SegmentList>();
  if (parts.some(({ segments }) => segments.some(({ list }) => list))) {
    const nodes = new Map<string, WiredNode>();
    yield* forEach(parts, (part) => {
      for (const node of part.wiring.nodes) nodes.set(node.name, node);
      return part.wiring.nodes.length;
    });
    const known = new Map<string, ReadonlySet<SegmentList>>();
    // What runs in circles is never entered, so this ends.
    const listsOf = (name: string): ReadonlySet<SegmentList> => {
      const before = known.get(name);
      if (before) return before;
      const own = isSegment(name) ? segmentNamed(name, named)?.list : null;
      const found = new Set<SegmentList>(own ? [own] : []);
      for (const asked of nodes.get(name)?.asks ?? [])
        if (!tangled.has(asked)) for (const list of listsOf(asked)) found.add(list);
      known.set(name, found);
      return found;
    };
    yield* forEach(nodes.values(), ({ name, visibility }) => {
      if (visibility === null) return 1;
      const its = listsOf(name);
      if (its.size === 0) return 1;
      listsByFlag.set(name.slice(name.indexOf("/") + 1), [...its]);
      for (const list of its) {
        all.add(list);
        if (visibility === "targeted") targeted.add(list);
      }
      return 1 + its.size;
    });
  }
  return { lists: [...all], listsByFlag, listsOfTargeted: [...targeted] };
}
