import { TRUTH_NAMES, type TruthName } from "../../model/truth.ts";
import type { Reference, SearchResult } from "../family.ts";
import type { Operator } from "./schema.ts";
import { isTooLong } from "./search-plan.ts";

/** Pattern by pattern, until one is found or the test's steps are used up. */
const search: NonNullable<Reference["search"]> = (test, text, steps, plan) => {
  if (isTooLong(text)) return { holds: "unknown", limited: "text too long" };
  const results: TruthName[] = [];
  let limited: SearchResult["limited"];
  for (const value of test.values ?? []) {
    if (steps.left < 0) break;
    const regex = plan.regexes({ ...test, values: [value] })[0];
    if (!regex) limited = "pattern too large";
    const holds = regex ? (TRUTH_NAMES[regex.search(text, steps)] as TruthName) : "unknown";
    if (holds === "true") return { holds };
    results.push(holds);
  }
  const isFalse = results.length > 0 && !results.includes("unknown");
  return { holds: isFalse ? "false" : "unknown", ...(limited ? { limited } : {}) };
};

export const reference: Record<Operator, Reference> = { matches: { holds: () => "unknown", search } };
