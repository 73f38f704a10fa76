import { MATCHED_ELEMENTS } from "../../limits.ts";
import { type ScalarTest, SEARCH } from "../model/predicate.ts";
import type { Steps } from "../model/search.ts";
import { FALSE, TRUE, type Truth, UNKNOWN } from "../model/truth.ts";
import type { ValueTest } from "../model/value-test.ts";

/** Searches one text and takes its steps off. */
export type Search = (text: string, steps: Steps) => Truth;

/**
 * A search has its steps for all elements of an array together; it is unknown when they run out before it is true.
 *
 * @param allowed steps for one subject
 */
export function searchTest(allowed: number, search: Search): ScalarTest {
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
