import { MATCHED_TEXT_CHARS, SNAPSHOT_REGEX_INSTRUCTIONS } from "../../../limits.ts";
import type { OperatorTest } from "../../model/search.ts";

/** Longer texts than this say nothing to a regular expression. */
export const isTooLong = (text: string): boolean => text.length > MATCHED_TEXT_CHARS;

/**
 * Which patterns may run where there are more than an environment's limit: the smallest, as many as fit. So one flag
 * with large patterns, saved before there was a limit, costs others nothing.
 */
export function withinLimit(costs: ReadonlyMap<string, number>): ReadonlySet<string> {
  const max = SNAPSHOT_REGEX_INSTRUCTIONS;
  let total = 0;
  for (const cost of costs.values()) total += cost;
  if (total <= max) return new Set(costs.keys());
  const ascending = [...costs].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));
  const kept = new Set<string>();
  let sum = 0;
  for (const [name, cost] of ascending) {
    sum += cost;
    if (sum > max) break;
    kept.add(name);
  }
  return kept;
}

/** Names a pattern among others: equal ones are compiled once. */
export const patternName = (pattern: string, ignoreCase: boolean | undefined): string =>
  `${ignoreCase ? "i" : "="}${pattern}`;

/** The names of a test's patterns, in their order; null for a value that is none. */
export const patternNames = ({ values = [], ignoreCase }: OperatorTest): (string | null)[] =>
  values.map((value) => (typeof value === "string" ? patternName(value, ignoreCase) : null));
