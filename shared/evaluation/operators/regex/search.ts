import { MATCHED_ELEMENTS } from "../../../limits.ts";
import type { AttributeTest } from "../../../schema/condition.ts";
import { type ScalarTest, SEARCH } from "../../model/predicate.ts";
import type { SearchPlan, Steps } from "../../model/search.ts";
import { FALSE, TRUE, type Truth, UNKNOWN } from "../../model/truth.ts";
import type { ValueTest } from "../../model/value-test.ts";
import { never, strings } from "../by-function.ts";
import { isTooLong, textSteps } from "./search-plan.ts";

/** A search has its steps for all elements of an array together; it is unknown when they run out before it is true. */
export function searchTest(test: AttributeTest, plan: SearchPlan): ScalarTest {
  const allowed = plan.steps(test);
  const search = test.op === "matches" ? regexSearch(test, plan) : textSearch(test);
  const steps: Steps = { left: 0 };
  const operand: ValueTest = (value) => {
    steps.left = allowed;
    if (typeof value === "string") return search(value, steps);
    if (!Array.isArray(value)) return UNKNOWN;
    if (value.length === 0) return FALSE;
    if (value.length > MATCHED_ELEMENTS) return UNKNOWN;
    let result: Truth = UNKNOWN;
    for (const element of value) {
      if (typeof element !== "string") continue;
      const one = search(element, steps);
      if (one === TRUE) return TRUE;
      if (steps.left < 0) return UNKNOWN;
      if (one === FALSE) result = FALSE;
    }
    return result;
  };
  return { op: SEARCH, operand };
}

type Search = (text: string, steps: Steps) => Truth;

function textSearch(test: AttributeTest): Search {
  const { op, ignoreCase: fold } = test;
  const values = strings(test.values ?? []);
  const wanted = fold ? values.map((value) => value.toLowerCase()) : values;
  if (wanted.length === 0) return never;
  return (given, steps) => {
    steps.left -= textSteps(test, given);
    if (steps.left < 0) return UNKNOWN;
    const text = fold ? given.toLowerCase() : given;
    for (const part of wanted) {
      if (op === "contains" ? text.includes(part) : op === "ends_with" ? text.endsWith(part) : text.startsWith(part))
        return TRUE;
    }
    return FALSE;
  };
}

function regexSearch(test: AttributeTest, plan: SearchPlan): Search {
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
