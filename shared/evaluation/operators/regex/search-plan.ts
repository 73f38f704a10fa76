import { MATCHED_TEXT_CHARS, SEARCH_STEPS, SNAPSHOT_REGEX_INSTRUCTIONS } from "../../../limits.ts";
import type { AttributeTest, Condition } from "../../../schema/condition.ts";
import type { Snapshot } from "../../../schema/snapshot.ts";
import type { Regex, RegexEngine, SearchPlan } from "../../model/search.ts";

/*
 * Tests that search in a text take time by the text's length, and the caller chooses the text. So what one
 * evaluation may spend on searching is divided among the tests of its snapshot beforehand, by what each costs. A test's
 * part depends on the snapshot alone: neither on which flags are asked for, nor on their order, nor on what other
 * texts cost. So a bulk answer and single ones agree, whatever was sent.
 */

/** What `contains` costs for each character and value, in steps; the engine has fast code for it. */
const VALUE_WEIGHT = 0.25;
/** What lower-casing costs for each character. */
const FOLD_WEIGHT = 0.5;
/** Characters that a text counts for beyond its own: the call. */
const CALL_CHARS = 16;

/** Whether a test takes time by the length of the text. Folding does; comparing a beginning or an end does not. */
export function isSearch({ op, ignoreCase }: AttributeTest): boolean {
  return op === "matches" || op === "contains" || (ignoreCase === true && (op === "starts_with" || op === "ends_with"));
}

/** What `contains` and its like pay for one text, before they read it. */
export function textSteps(test: AttributeTest, text: string): number {
  return (text.length + CALL_CHARS) * textWeight(test);
}

/** Longer texts than this say nothing to a regular expression. */
export const isTooLong = (text: string): boolean => text.length > MATCHED_TEXT_CHARS;

function textWeight({ op, values = [], ignoreCase }: AttributeTest): number {
  return (op === "contains" ? values.length * VALUE_WEIGHT : 0) + (ignoreCase ? FOLD_WEIGHT : 0);
}

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

/** Plans what the flags that are on, and the segments, search for. */
export function planSearches(snapshot: Snapshot, regex: RegexEngine): SearchPlan {
  const tests = new Map<string, AttributeTest>();
  const meet = (condition: Condition): void => {
    if ("all" in condition) condition.all.forEach(meet);
    else if ("any" in condition) condition.any.forEach(meet);
    else if ("not" in condition) meet(condition.not);
    else if ("attribute" in condition && isSearch(condition)) {
      const { attribute, op, ignoreCase, values } = condition;
      tests.set(`${op}${ignoreCase ? "i" : ""} ${attribute}\n${JSON.stringify(values)}`, condition);
    }
  };
  for (const key in snapshot.flags) {
    const { state } = snapshot.flags[key] as Snapshot["flags"][string];
    if (state.enabled) for (const rule of state.rules) if (!rule.paused) meet(rule.when);
  }
  for (const key in snapshot.segments) {
    const { when } = snapshot.segments[key] as Snapshot["segments"][string];
    if (when) meet(when);
  }

  const found = new Map<string, Regex>();
  const refused = new Set<string>();
  for (const { op, values = [], ignoreCase } of tests.values()) {
    if (op !== "matches") continue;
    for (const value of values) {
      if (typeof value !== "string") continue;
      const name = patternName(value, ignoreCase);
      const one = found.has(name) || refused.has(name) ? null : regex(value, ignoreCase === true);
      if (one) found.set(name, one);
      else if (!found.has(name)) refused.add(name);
    }
  }
  const kept = withinLimit(new Map([...found].map(([name, { cost }]) => [name, cost])));
  const regexes = ({ values = [], ignoreCase }: AttributeTest) =>
    values.map((value) => {
      const name = typeof value === "string" ? patternName(value, ignoreCase) : "";
      return (kept.has(name) && found.get(name)) || null;
    });
  const weight = (test: AttributeTest): number =>
    test.op === "matches" ? regexes(test).reduce((sum, one) => sum + (one?.cost ?? 0), 0) : textWeight(test);

  let total = 0;
  for (const test of tests.values()) total += weight(test);
  const share = SEARCH_STEPS / Math.max(1, total);
  return {
    regexes,
    steps: (test) => share * weight(test),
    left: refused.size + found.size - kept.size,
  };
}
