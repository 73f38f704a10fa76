import { entryName } from "../../blocks/block.ts";
import { findTangled } from "../graph.ts";
import type { CompiledFlag, Part } from "../model/compiled-flag.ts";
import type { Pool } from "../model/pool.ts";
import type { CompiledSegment } from "../model/predicate.ts";
import { forEach, type Slices } from "../slices.ts";

const FLAG = entryName("flag", "");
const SEGMENT = entryName("segment", "");

/** All flags and segments of a snapshot, by their keys. */
export interface Named {
  readonly flag: (key: string) => CompiledFlag | undefined;
  readonly segments: ReadonlyMap<string, CompiledSegment>;
}

export function* segmentMap(parts: readonly Part[]): Slices<Map<string, CompiledSegment>> {
  const map = new Map<string, CompiledSegment>();
  yield* forEach(parts, ({ segments }) => {
    for (const segment of segments) map.set(segment.key, segment);
    return 1 + segments.length;
  });
  return map;
}

export const isSegment = (name: string): boolean => name.startsWith(SEGMENT);
export const segmentNamed = (name: string, { segments }: Named): CompiledSegment | undefined =>
  segments.get(name.slice(SEGMENT.length));
export const flagNamed = (name: string, { flag }: Named): CompiledFlag | undefined => flag(name.slice(FLAG.length));

/** Flags and segments that no reference may enter, by their entries' names: see graph.tangled. */
export function* tangledIn(parts: readonly Part[], named: Named): Slices<ReadonlySet<string>> {
  const edges = new Map<string, readonly string[]>();
  const exists = (name: string) => (isSegment(name) ? segmentNamed(name, named) : flagNamed(name, named)) !== undefined;
  const keys = new Set<string>();
  yield* forEach(parts, ({ wiring: { nodes } }) => {
    let met = 1;
    for (const { name, dependencies } of nodes) {
      edges.set(name, dependencies);
      keys.add(name);
      for (const one of dependencies) if (exists(one)) keys.add(one);
      met += 1 + dependencies.length;
    }
    return met;
  });
  return yield* findTangled(keys, (name) => edges.get(name) ?? []);
}

export interface Slots {
  readonly flagSlots: readonly (CompiledFlag | null)[];
  readonly segmentSlots: readonly (CompiledSegment | null)[];
}

/** What each slot means in this version: null for what does not exist or runs in circles. */
export function* slotsOf(
  parts: readonly Part[],
  { slotsGiven }: Pool,
  named: Named,
  tangled: ReadonlySet<string>,
): Slices<Slots> {
  const flagSlots = new Array<CompiledFlag | null>(slotsGiven).fill(null);
  const segmentSlots = new Array<CompiledSegment | null>(slotsGiven).fill(null);
  yield* forEach(parts, ({ wiring: { slots } }) => {
    for (const [name, slot] of slots) {
      if (tangled.has(name)) continue;
      if (isSegment(name)) segmentSlots[slot] = segmentNamed(name, named) ?? null;
      else flagSlots[slot] = flagNamed(name, named) ?? null;
    }
    return 1 + slots.size;
  });
  return { flagSlots, segmentSlots };
}
