import type { Snapshot } from "../../schema/snapshot.ts";
import type { OperatorTest, RegexEngine, SearchPlan } from "../model/search.ts";
import { searchWeight } from "./compile-operator.ts";
import { patternNames } from "./regex/search-plan.ts";
import { budgetOf, searchesOf, searchingConditions } from "./search-budget.ts";

/** Plans what the flags that are on, and the segments, search for. */
export function planSearches(snapshot: Snapshot, regex: RegexEngine): SearchPlan {
  const ofFlags = Object.values(snapshot.flags).flatMap(({ state }) => searchingConditions(state));
  const ofSegments = Object.values(snapshot.segments).flatMap(({ when }) => when ?? []);
  const searches = searchesOf([...ofFlags, ...ofSegments], regex);
  const { share, kept, left } = budgetOf(searches ? [searches] : [], 0);
  const regexes = (test: OperatorTest) =>
    patternNames(test).map((name) =>
      name === null || (kept !== null && !kept.has(name)) ? null : (searches?.patterns.get(name) ?? null),
    );
  const weight = (test: OperatorTest): number => {
    const steps = searchWeight(test);
    return steps === "patterns" ? regexes(test).reduce((sum, one) => sum + (one?.cost ?? 0), 0) : (steps ?? 0);
  };
  return { regexes, steps: (test) => share * weight(test), left };
}
