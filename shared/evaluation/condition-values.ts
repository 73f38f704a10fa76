import type { Condition } from "../schema/condition.ts";
import type { FlagState } from "../schema/flag.ts";
import type { Snapshot } from "../schema/snapshot.ts";

/*
 * Values that conditions test against. A caller chooses the context, and an array in it is tried against every one of
 * them, so their number bounds what one evaluation may cost.
 */

/** Of a condition with all that it is made of. */
export function valuesIn(condition: Condition): number {
  if ("all" in condition) return sum(condition.all, valuesIn);
  if ("any" in condition) return sum(condition.any, valuesIn);
  if ("not" in condition) return valuesIn(condition.not);
  if ("unless" in condition) return valuesIn(condition.unless);
  if ("some" in condition) return valuesIn(condition.some.when);
  return "attribute" in condition ? (condition.values?.length ?? 0) : 0;
}

/** Of a flag's rules in one environment, whether or not they are on: switching on is never refused for it. */
export const valuesOfState = ({ rules }: Pick<FlagState, "rules">): number => sum(rules, ({ when }) => valuesIn(when));

export const valuesOfSegment = ({ when }: { when?: Condition | undefined }): number => (when ? valuesIn(when) : 0);

export const valuesOfSnapshot = ({ flags, segments }: Pick<Snapshot, "flags" | "segments">): number =>
  sum(Object.values(flags), ({ state }) => valuesOfState(state)) + sum(Object.values(segments), valuesOfSegment);

function sum<T>(all: readonly T[], count: (one: T) => number): number {
  let total = 0;
  for (const one of all) total += count(one);
  return total;
}
