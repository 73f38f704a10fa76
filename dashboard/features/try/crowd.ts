import { OPERATOR_SCHEMAS } from "../../../shared/evaluation/operators/operators.ts";
import { ownOf } from "../../../shared/own.ts";
import type { AttributeTest, Condition, ConditionValue } from "../../../shared/schema/condition.ts";

export type Context = Record<string, unknown>;
export const CROWD = 1_000;
/** Lines of an own list that are looked at. */
const MOST_LINES = 1_000;

/** Values on both sides of what a test asks for, so that a made-up crowd has people of each kind. */
function candidates({ op, values = [] }: AttributeTest): readonly unknown[] {
  const { takes, near } = OPERATOR_SCHEMAS[op];
  return values.flatMap((value: ConditionValue): readonly unknown[] => {
    if (near) return near(value);
    if (typeof value === "number") return [value - 1, value, value + 1];
    if (typeof value === "boolean") return [true, false];
    return takes === "instant" ? daysAround(value) : [value];
  });
}

function daysAround(instant: string): readonly string[] {
  const at = Date.parse(instant);
  return Number.isNaN(at) ? [instant] : [-1, 1].map((day) => new Date(at + day * 86_400_000).toISOString());
}

/** Every attribute that conditions ask for, with values worth trying. */
export function attributesAsked(
  conditions: readonly Condition[],
  segmentOf: (key: string) => Condition | undefined,
): Map<string, Set<unknown>> {
  const asked = new Map<string, Set<unknown>>();
  const seen = new Set<string>();
  const walk = (condition: Condition): void => {
    if ("all" in condition) condition.all.forEach(walk);
    else if ("any" in condition) condition.any.forEach(walk);
    else if ("not" in condition) walk(condition.not);
    else if ("unless" in condition) walk(condition.unless);
    else if ("segment" in condition) {
      if (seen.has(condition.segment)) return;
      seen.add(condition.segment);
      const inside = segmentOf(condition.segment);
      if (inside) walk(inside);
    } else if ("attribute" in condition) {
      const values = asked.get(condition.attribute) ?? new Set();
      for (const value of candidates(condition)) values.add(value);
      asked.set(condition.attribute, values);
    }
  };
  conditions.forEach(walk);
  return asked;
}

/** The same people each time: numbers mixed as MurmurHash3 finishes, spread evenly and without a pattern. */
function mixed(seed: number): number {
  let hash = seed | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Made-up visitors: each attribute has one of the values asked for, something else, or is missing. */
export function madeUp(asked: ReadonlyMap<string, ReadonlySet<unknown>>, count = CROWD): Context[] {
  return Array.from({ length: count }, (_, person) => {
    const context: Context = { targetingKey: `visitor-${person + 1}` };
    let column = 0;
    for (const [name, values] of asked) {
      column++;
      if (name === "targetingKey") continue;
      const all = [...values, ...(typeof [...values][0] === "string" || values.size === 0 ? ["something else"] : [])];
      const at = mixed(person * 31 + column * 7_919) % (all.length + 1);
      if (at < all.length) put(context, name.split("."), all[at]);
    }
    return context;
  });
}

function put(context: Context, [first = "", ...rest]: string[], value: unknown): void {
  // Evaluation refuses such an attribute, and to go down this path would write into the prototype of all objects.
  if (first === "__proto__") return;
  if (rest.length === 0) {
    context[first] = value;
    return;
  }
  const inner = ownOf(context, first);
  const next: Context = typeof inner === "object" && inner !== null ? (inner as Context) : {};
  context[first] = next;
  put(next, rest, value);
}

/** One context a line: a JSON object, or only a targeting key. A JSON list of either is fine too. */
export function parseList(text: string): { contexts: Context[] } | { problem: string } {
  const trimmed = text.trim();
  if (trimmed.startsWith("[")) {
    try {
      return { contexts: (JSON.parse(trimmed) as unknown[]).slice(0, MOST_LINES).map(contextOf) };
    } catch (error) {
      return { problem: error instanceof Error ? error.message : "Not JSON" };
    }
  }
  const contexts: Context[] = [];
  for (const [index, line] of trimmed.split("\n").entries()) {
    const one = line.trim().replace(/,$/, "");
    if (one === "" || contexts.length >= MOST_LINES) continue;
    if (!one.startsWith("{")) contexts.push({ targetingKey: one });
    else {
      try {
        contexts.push(contextOf(JSON.parse(one)));
      } catch (error) {
        return { problem: `Line ${index + 1}: ${error instanceof Error ? error.message : "not JSON"}` };
      }
    }
  }
  return { contexts };
}

const contextOf = (value: unknown): Context =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Context)
    : { targetingKey: String(value) };
