import type { Regex } from "../../model/search.ts";
import { FALSE, TRUE, type Truth, UNKNOWN } from "../../model/truth.ts";
import type { Search } from "../search-test.ts";
import { isTooLong } from "./search-plan.ts";

/**
 * Runs patterns on a text until one is found.
 *
 * @param incomplete the test has others, which are never run
 */
export function regexSearch(regexes: readonly Regex[], incomplete: boolean): Search {
  const otherwise = regexes.length === 0 || incomplete ? UNKNOWN : FALSE;
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
