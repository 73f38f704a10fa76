import type { Condition } from "../schema/condition.ts";
import type { ReachWorld } from "./reach-world.ts";

/** Whether a condition can be true of somebody, and false of somebody. */
interface Possible {
  true: boolean;
  false: boolean;
}

function possible(condition: Condition, world: Pick<ReachWorld, "segment">): Possible {
  if ("all" in condition) return joined(condition.all, world, "true");
  if ("any" in condition) return joined(condition.any, world, "false");
  if ("not" in condition) {
    const inner = possible(condition.not, world);
    return { true: inner.false, false: inner.true };
  }
  if ("unless" in condition) return { true: true, false: possible(condition.unless, world).true };
  if (!("segment" in condition)) return { true: true, false: true };
  const segment = world.segment(condition.segment);
  const hasPeople =
    segment !== undefined && (segment.when !== undefined || segment.included.length > 0 || segment.listed > 0);
  return { true: hasPeople, false: segment !== undefined };
}

/** @param needed what every part has to be for the whole to be it */
function joined(parts: readonly Condition[], world: Pick<ReachWorld, "segment">, needed: keyof Possible): Possible {
  const each = parts.map((part) => possible(part, world));
  const other = needed === "true" ? "false" : "true";
  const whole = { [needed]: each.every((one) => one[needed]), [other]: each.some((one) => one[other]) };
  return whole as unknown as Possible;
}

/** Whether a condition holds for everybody, whatever their attributes are. */
export const isForEverybody = (when: Condition, world: Pick<ReachWorld, "segment">): boolean =>
  !possible(when, world).false && possible(when, world).true;

/** The segments whose people a condition picks; null where it singles nobody out by what they are. */
export function groupOf(when: Condition, world: Pick<ReachWorld, "segment">): readonly string[] | null {
  const segments = new Set<string>();
  let asksPeople = false;
  const walk = (condition: Condition, negated: boolean): void => {
    if ("all" in condition) for (const part of condition.all) walk(part, negated);
    else if ("any" in condition) for (const part of condition.any) walk(part, negated);
    else if ("not" in condition) walk(condition.not, !negated);
    else if ("unless" in condition) walk(condition.unless, !negated);
    else if ("segment" in condition) {
      asksPeople = true;
      if (!negated) segments.add(condition.segment);
    } else if ("attribute" in condition) asksPeople = true;
  };
  walk(when, false);
  return asksPeople && possible(when, world).true ? [...segments] : null;
}
