import { SEARCH_STEPS } from "../../limits.ts";
import type { Condition } from "../../schema/condition.ts";
import type { FlagState } from "../../schema/flag.ts";
import type { OperatorTest, Regex, RegexEngine, SearchBudget, Searches } from "../model/search.ts";
import { searchWeight } from "./compile-operator.ts";
import { patternName, patternNames, withinLimit } from "./regex/search-plan.ts";

/*
 * Tests that search in a text take time by the text's length, and the caller chooses the text. So what one
 * evaluation may spend on searching is divided among the tests of its snapshot beforehand, by what each costs. A test's
 * part depends on the snapshot alone: neither on which flags are asked for, nor on their order, nor on what other
 * texts cost. So a bulk answer and single ones agree, whatever was sent.
 */

/** Conditions of a flag that may search: it is on, and the rule is not paused. */
export const searchingConditions = ({ enabled, rules }: FlagState): Condition[] =>
  enabled ? rules.filter((rule) => !rule.paused).map((rule) => rule.when) : [];

/** What these conditions search for; null for nothing. */
export function searchesOf(conditions: readonly Condition[], regex: RegexEngine): Searches | null {
  const tests = new Map<string, OperatorTest>();
  const meet = (condition: Condition): void => {
    if ("all" in condition) condition.all.forEach(meet);
    else if ("any" in condition) condition.any.forEach(meet);
    else if ("not" in condition) meet(condition.not);
    else if ("unless" in condition) meet(condition.unless);
    else if ("some" in condition) meet(condition.some.when);
    else if ("attribute" in condition && searchWeight(condition) !== null) {
      const { attribute, op, ignoreCase, values } = condition;
      tests.set(`${op}${ignoreCase ? "i" : ""} ${attribute}\n${JSON.stringify(values)}`, { op, ignoreCase, values });
    }
  };
  conditions.forEach(meet);
  if (tests.size === 0) return null;
  const patterns = new Map<string, Regex | null>();
  for (const test of tests.values()) {
    if (searchWeight(test) !== "patterns") continue;
    for (const value of test.values ?? []) {
      if (typeof value !== "string") continue;
      const name = patternName(value, test.ignoreCase);
      if (!patterns.has(name)) patterns.set(name, regex(value, test.ignoreCase === true));
    }
  }
  return { tests, patterns };
}

/** Divides what one evaluation may spend among all that a snapshot searches for. */
export function budgetOf(all: readonly Searches[], id: number): SearchBudget {
  const tests = new Map<string, OperatorTest>();
  const costs = new Map<string, number>();
  const refused = new Set<string>();
  for (const searches of all) {
    for (const [name, test] of searches.tests) tests.set(name, test);
    for (const [name, regex] of searches.patterns) {
      if (regex === null) refused.add(name);
      else costs.set(name, regex.cost);
    }
  }
  const within = withinLimit(costs);
  let total = 0;
  for (const test of tests.values()) {
    const weight = searchWeight(test);
    if (weight !== "patterns") total += weight ?? 0;
    else for (const name of patternNames(test)) if (name !== null && within.has(name)) total += costs.get(name) ?? 0;
  }
  return {
    id,
    share: SEARCH_STEPS / Math.max(1, total),
    kept: within.size === costs.size ? null : within,
    left: refused.size + costs.size - within.size,
  };
}
