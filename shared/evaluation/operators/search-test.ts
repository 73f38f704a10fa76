import { MATCHED_ELEMENTS } from "../../limits.ts";
import { type AnyTest, SEARCH } from "../model/predicate.ts";
import type { SearchBudget, SearchTest, Steps } from "../model/search.ts";
import { FALSE, TRUE, type Truth, UNKNOWN } from "../model/truth.ts";

/** Searches one text and takes its steps off. */
export type Search = (text: string, steps: Steps) => Truth;

/** What a budget leaves of a search. */
export interface AllowedSearch {
  /** Steps for one subject. */
  readonly steps: number;
  readonly search: Search;
}

/**
 * A search has its steps for all elements of an array together; it is unknown when they run out before it is true.
 *
 * @param allow asked once for each budget
 */
export function searchTest(allow: (budget: SearchBudget) => AllowedSearch): AnyTest {
  const steps: Steps = { left: 0 };
  let allowed: AllowedSearch | null = null;
  let budgetId = 0;
  const operand: SearchTest = (value, budget) => {
    if (allowed === null || budgetId !== budget.id) {
      allowed = allow(budget);
      budgetId = budget.id;
    }
    const { search } = allowed;
    steps.left = allowed.steps;
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
