import { ELEMENT_VALUES, MATCHED_ELEMENTS } from "../../limits.ts";
import type { AttributeTest } from "../../schema/condition.ts";
import type { SearchPlan, Steps } from "../model/search.ts";
import type { TruthName } from "../model/truth.ts";
import { searchWeight } from "../operators/compile-operator.ts";
import type { Reference, SearchResult } from "../operators/family.ts";
import { REFERENCES } from "../operators/operators.ts";

/** One attribute test as it stands in the rule, and what the attribute made of it. */
export interface AttributeTrace extends AttributeTest {
  /** Before `negate`. */
  readonly holds: TruthName;
  /** The kind of thing that the context has there. */
  readonly found: "absent" | "null" | "array" | "string" | "number" | "boolean" | "object";
  /** Why a limit made it unknown. */
  readonly limited?: SearchResult["limited"] | "too many elements" | "search too long";
}

/** Interprets one attribute test, value by value. Slow and obvious on purpose: see explain.ts. */
export function explainAttribute(test: AttributeTest, actual: unknown, plan: SearchPlan): AttributeTrace {
  const { limited, ...result } = holds(test, actual, plan);
  return { ...test, ...result, found: kindOf(actual), ...(limited ? { limited } : {}) };
}

type Holds = Pick<AttributeTrace, "holds" | "limited">;

function kindOf(value: unknown): AttributeTrace["found"] {
  if (value === undefined) return "absent";
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  const type = typeof value;
  return type === "string" || type === "number" || type === "boolean" ? type : "object";
}

function holds(test: AttributeTest, actual: unknown, plan: SearchPlan): Holds {
  const reference = REFERENCES[test.op];
  if (reference.whole) return { holds: reference.whole(actual) };
  const elements = Array.isArray(actual) ? actual : [actual];
  if (elements.length === 0) return { holds: "false" };
  if (Array.isArray(actual) && isTooMany(reference, test, actual))
    return { holds: "unknown", limited: "too many elements" };
  return searchWeight(test) !== null && reference.search
    ? search(reference.search, test, elements, plan)
    : { holds: either(elements.map((one) => reference.holds(test, one))) };
}

/** What an array says of which the elements say this. */
const either = (results: readonly TruthName[]): TruthName =>
  results.includes("true") ? "true" : results.includes("false") ? "false" : "unknown";

/** Tests whose values are tried one by one allow for fewer elements. */
function isTooMany({ triesEach }: Reference, test: AttributeTest, elements: readonly unknown[]): boolean {
  const tries = triesEach?.(test) ? (test.values?.length ?? 0) : 0;
  return elements.length > MATCHED_ELEMENTS || elements.length * tries > ELEMENT_VALUES;
}

/** Element by element, until one is found or the test's steps are used up. */
function search(
  one: NonNullable<Reference["search"]>,
  test: AttributeTest,
  elements: readonly unknown[],
  plan: SearchPlan,
): Holds {
  const steps: Steps = { left: plan.steps(test) };
  const results: TruthName[] = [];
  let limited: Holds["limited"];
  for (const element of elements) {
    if (typeof element !== "string") continue;
    const result = one(test, element, steps, plan);
    if (result.holds === "true") return { holds: "true" };
    if (steps.left < 0) return { holds: "unknown", limited: "search too long" };
    limited = result.limited ?? limited;
    results.push(result.holds);
  }
  const result = either(results);
  return result === "unknown" && limited ? { holds: result, limited } : { holds: result };
}
