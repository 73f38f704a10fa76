import type { OperatorTest, SearchPlan } from "../../model/search.ts";
import { FALSE, TRUE, type Truth, UNKNOWN } from "../../model/truth.ts";
import type { Search } from "../search-test.ts";
import { isTooLong } from "./search-plan.ts";

/** Runs the test's patterns on a text, as far as the plan lets them run. */
export function regexSearch(test: OperatorTest, plan: SearchPlan): Search {
  const all = plan.regexes(test);
  const regexes = all.filter((regex) => regex !== null);
  const otherwise = regexes.length === 0 || regexes.length < all.length ? UNKNOWN : FALSE;
  return (text, steps) => {
    if (isTooLong(text)) return UNKNOWN;
    let result: Truth = otherwise;
    for (const regex of regexes) {
      const one = regex.search(text, steps);
      if (one === TRUE) return TRUE;
      if (one === UNKNOWN) result = UNKNOWN;
      if (steps.left < 0) break;
    }
    return result;
  };
}
