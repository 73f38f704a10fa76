import { LIMITS } from "../limits.ts";
import type { AttributeTest, Condition, ConditionValue } from "../schema/condition.ts";
import { any } from "./conditions.ts";

/** A test of many values as as many tests as it takes; of no values, it never holds. */
export function divided(values: readonly ConditionValue[], test: (some: ConditionValue[]) => AttributeTest): Condition {
  const all = [...new Set(values)];
  const parts: Condition[] = [];
  for (let at = 0; at < all.length; at += LIMITS.valuesPerCondition)
    parts.push(test(all.slice(at, at + LIMITS.valuesPerCondition)));
  return any(parts);
}

/** Holds when the attribute, or an element of it, is one of these; lists, objects and nothing are none. */
export const oneOf = (
  attribute: string,
  values: readonly unknown[],
  how: Pick<AttributeTest, "ignoreCase" | "as"> = {},
): Condition => divided(values.filter(isValue), (some) => ({ attribute, op: "in", values: some, ...how }));

const isValue = (value: unknown): value is ConditionValue =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean";
