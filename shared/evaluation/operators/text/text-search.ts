import type { OperatorTest } from "../../model/search.ts";
import { FALSE, TRUE, UNKNOWN } from "../../model/truth.ts";
import { never, strings } from "../by-function.ts";
import type { Search } from "../search-test.ts";
import { textSteps } from "./search-cost.ts";

export type Finds = (text: string, part: string) => boolean;

/** Looks for each of the values in a text, and pays for the text before it reads it. */
export function textSearch(test: OperatorTest, finds: Finds): Search {
  const { ignoreCase: fold } = test;
  const values = strings(test.values);
  const wanted = fold ? values.map((value) => value.toLowerCase()) : values;
  if (wanted.length === 0) return never;
  return (given, steps) => {
    steps.left -= textSteps(test, given);
    if (steps.left < 0) return UNKNOWN;
    const text = fold ? given.toLowerCase() : given;
    for (const part of wanted) if (finds(text, part)) return TRUE;
    return FALSE;
  };
}
