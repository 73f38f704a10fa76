import { DEPENDENCY_DEPTH } from "../limits.ts";
import type { Condition } from "../schema/condition.ts";
import type { FlagState } from "../schema/flag.ts";
import { forEach, inOneGo, type Slices } from "./slices.ts";

/** A cycle that can be reached from `start`, closed (`["a", "b", "a"]`), or null. Linear in nodes and edges. */
export function findCycle(start: string, edges: (key: string) => readonly string[]): string[] | null {
  const path: { key: string; rest: Iterator<string> }[] = [];
  const onPath = new Set<string>();
  const done = new Set<string>();
  const enter = (key: string): void => {
    path.push({ key, rest: edges(key)[Symbol.iterator]() });
    onPath.add(key);
  };
  enter(start);
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const next = top.rest.next();
    if (next.done) {
      path.pop();
      onPath.delete(top.key);
      done.add(top.key);
    } else if (onPath.has(next.value)) {
      const keys = path.map((step) => step.key);
      return [...keys.slice(keys.indexOf(next.value)), next.value];
    } else if (!done.has(next.value)) {
      enter(next.value);
    }
  }
  return null;
}

/**
 * Keys that lie on a cycle, depend on one, or stand on a chain of more than DEPENDENCY_DEPTH dependencies. No
 * saved state has any; evaluation must be total without them all the same.
 */
export const tangled = (keys: Iterable<string>, edges: (key: string) => readonly string[]): Set<string> =>
  inOneGo(findTangled(keys, edges));

/** The same in slices. */
export function* findTangled(keys: Iterable<string>, edges: (key: string) => readonly string[]): Slices<Set<string>> {
  const all = new Set(keys);
  /** How many of its dependencies are still to be settled; keys without any are settled from the start. */
  const open = new Map<string, number>();
  const dependants = new Map<string, string[]>();
  const depth = new Map<string, number>();
  yield* forEach(all, (key) => {
    const targets = edges(key).filter((target) => all.has(target));
    if (targets.length > 0) open.set(key, targets.length);
    for (const target of targets) {
      const list = dependants.get(target);
      if (list) list.push(key);
      else dependants.set(target, [key]);
    }
    return 1 + targets.length;
  });
  const ready = [...dependants.keys()].filter((key) => !open.has(key));
  // Keys are added while it runs.
  yield* forEach(ready, (key) => {
    const below = (depth.get(key) ?? 0) + 1;
    const settled = dependants.get(key) ?? [];
    for (const dependant of settled) {
      depth.set(dependant, Math.max(depth.get(dependant) ?? 0, below));
      const left = (open.get(dependant) ?? 0) - 1;
      if (left > 0) open.set(dependant, left);
      else {
        open.delete(dependant);
        ready.push(dependant);
      }
    }
    return 1 + settled.length;
  });
  const found = new Set(open.keys());
  for (const [key, levels] of depth) if (levels > DEPENDENCY_DEPTH) found.add(key);
  return found;
}

function collect(condition: Condition, flags: Set<string>, segments: Set<string>): void {
  if ("all" in condition) for (const child of condition.all) collect(child, flags, segments);
  else if ("any" in condition) for (const child of condition.any) collect(child, flags, segments);
  else if ("not" in condition) collect(condition.not, flags, segments);
  else if ("unless" in condition) collect(condition.unless, flags, segments);
  else if ("flag" in condition) flags.add(condition.flag);
  else if ("segment" in condition) segments.add(condition.segment);
}

/** Flags that this state tests, in prerequisites and rules, paused and expired ones included: they may return. */
export function flagDependencies(state: FlagState): string[] {
  const flags = new Set(state.prerequisites.map((prerequisite) => prerequisite.flag));
  const segments = new Set<string>();
  for (const rule of state.rules) collect(rule.when, flags, segments);
  return [...flags];
}

/** Who depends on a flag directly, by that flag. */
export function dependantsOf(states: ReadonlyMap<string, FlagState>): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [key, state] of states)
    for (const asked of flagDependencies(state)) {
      const known = found.get(asked);
      if (known) known.push(key);
      else found.set(asked, [key]);
    }
  return found;
}

/** Segments that a condition names, each once. */
export function segmentDependencies(condition: Condition): string[] {
  const segments = new Set<string>();
  collect(condition, new Set(), segments);
  return [...segments];
}
