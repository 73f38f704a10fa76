import type { Part } from "../model/compiled-flag.ts";
import type { Pool } from "../model/pool.ts";
import { forEach, type Slices } from "../slices.ts";

/** Names that may be kept before it is worth looking for those that are no longer needed. */
const NAMES = 1_000;

export const emptyPool = (): Pool => ({
  stamp: 0,
  predicates: 0,
  budgets: 0,
  shared: new Map(),
  units: new Map(),
  slots: new Map(),
  slotsGiven: 0,
  namesAllowed: NAMES,
});

/**
 * Forgets names that no part needs, once there are twice as many as were needed last: so an environment that is changed
 * thousands of times does not grow. What is forgotten too early is made anew, no more.
 */
export function* forgetNames(pool: Pool, parts: readonly Part[]): Slices<void> {
  const { shared, units, slots } = pool;
  if (shared.size + units.size + slots.size <= pool.namesAllowed) return;
  const needed = new Set<unknown>();
  yield* forEach(parts, (part) => {
    const { borrowed, slots: its } = part.wiring;
    for (const predicate of borrowed) needed.add(predicate);
    for (const unit of part.units) needed.add(unit);
    for (const name of its.keys()) needed.add(name);
    return 1 + borrowed.length + its.size;
  });
  const forget = <T>(names: Map<string, T>, need: (name: string, value: T) => boolean) =>
    forEach(names, ([name, value]) => {
      if (!need(name, value)) names.delete(name);
      return 1;
    });
  yield* forget(shared, (_, predicate) => needed.has(predicate));
  yield* forget(units, (_, unit) => needed.has(unit));
  yield* forget(slots, (name) => needed.has(name));
  pool.namesAllowed = NAMES + 2 * (shared.size + units.size + slots.size);
}
