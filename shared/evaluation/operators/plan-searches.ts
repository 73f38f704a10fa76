import { SEARCH_STEPS } from "../../limits.ts";
import type { AttributeTest, Condition } from "../../schema/condition.ts";
import type { Snapshot } from "../../schema/snapshot.ts";
import type { OperatorTest, Regex, RegexEngine, SearchPlan } from "../model/search.ts";
import { searchWeight } from "./compile-operator.ts";
import { patternName, withinLimit } from "./regex/search-plan.ts";

/*
 * Tests that search in a text take time by the text's length, and the caller chooses the text. So what one
 * evaluation may spend on searching is divided among the tests of its snapshot beforehand, by what each costs. A test's
 * part depends on the snapshot alone: neither on which flags are asked for, nor on their order, nor on what other
 * texts cost. So a bulk answer and single ones agree, whatever was sent.
 */

/** Plans what the flags that are on, and the segments, search for. */
export function planSearches(snapshot: Snapshot, regex: RegexEngine): SearchPlan {
  const tests = new Map<string, AttributeTest>();
  const meet = (condition: Condition): void => {
    if ("all" in condition) condition.all.forEach(meet);
    else if ("any" in condition) condition.any.forEach(meet);
    else if ("not" in condition) meet(condition.not);
    else if ("attribute" in condition && searchWeight(condition) !== null) {
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
  for (const test of tests.values()) {
    if (searchWeight(test) !== "patterns") continue;
    const { values = [], ignoreCase } = test;
    for (const value of values) {
      if (typeof value !== "string") continue;
      const name = patternName(value, ignoreCase);
      const one = found.has(name) || refused.has(name) ? null : regex(value, ignoreCase === true);
      if (one) found.set(name, one);
      else if (!found.has(name)) refused.add(name);
    }
  }
  const kept = withinLimit(new Map([...found].map(([name, { cost }]) => [name, cost])));
  const regexes = ({ values = [], ignoreCase }: OperatorTest) =>
    values.map((value) => {
      const name = typeof value === "string" ? patternName(value, ignoreCase) : "";
      return (kept.has(name) && found.get(name)) || null;
    });
  const weight = (test: OperatorTest): number => {
    const steps = searchWeight(test);
    return steps === "patterns" ? regexes(test).reduce((sum, one) => sum + (one?.cost ?? 0), 0) : (steps ?? 0);
  };

  let total = 0;
  for (const test of tests.values()) total += weight(test);
  const share = SEARCH_STEPS / Math.max(1, total);
  return {
    regexes,
    steps: (test) => share * weight(test),
    left: refused.size + found.size - kept.size,
  };
}
