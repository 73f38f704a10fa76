import { ELEMENT_VALUES, MATCHED_ELEMENTS } from "../../limits.ts";
import type { AttributeTest, ConditionValue } from "../../schema/condition.ts";
import type { SearchPlan, Steps } from "../model/search.ts";
import { TRUTH_NAMES, type TruthName } from "../model/truth.ts";
import { contains, parseAddress, parseNetwork } from "../operators/cidr/cidr.ts";
import { parseInstant } from "../operators/date/instant.ts";
import { isSearch, isTooLong, textSteps } from "../operators/regex/search-plan.ts";
import { compareVersions, parseVersion } from "../operators/semver/semver.ts";

/** One attribute test as it stands in the rule, and what the attribute made of it. */
export interface AttributeTrace extends AttributeTest {
  /** Before `negate`. */
  readonly holds: TruthName;
  /** The kind of thing that the context has there. */
  readonly found: "absent" | "null" | "array" | "string" | "number" | "boolean" | "object";
  /** Why a limit made it unknown. */
  readonly limited?: "pattern too large" | "text too long" | "too many elements" | "search too long";
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
  if (test.op === "exists") return { holds: actual !== undefined && actual !== null ? "true" : "false" };
  const elements = Array.isArray(actual) ? actual : [actual];
  if (elements.length === 0) return { holds: "false" };
  if (Array.isArray(actual) && isTooMany(test, actual)) return { holds: "unknown", limited: "too many elements" };
  return isSearch(test) ? search(test, elements, plan) : { holds: either(elements.map((one) => anyValue(test, one))) };
}

/** What an array says of which the elements say this. */
const either = (results: readonly TruthName[]): TruthName =>
  results.includes("true") ? "true" : results.includes("false") ? "false" : "unknown";

/** Lists whose values are tried one by one allow for fewer elements. */
function isTooMany({ op, values = [], ignoreCase }: AttributeTest, elements: readonly unknown[]): boolean {
  const edge = (op === "starts_with" || op === "ends_with") && !ignoreCase;
  const oneByOne = op === "in_cidr" || op.startsWith("semver_") || edge;
  return elements.length > MATCHED_ELEMENTS || (oneByOne && elements.length * values.length > ELEMENT_VALUES);
}

/** Element by element and value by value, until one is found or the test's steps are used up. */
function search(test: AttributeTest, elements: readonly unknown[], plan: SearchPlan): Holds {
  const steps: Steps = { left: plan.steps(test) };
  const results: TruthName[] = [];
  let limited: Holds["limited"];
  for (const element of elements) {
    if (typeof element !== "string") continue;
    if (test.op === "matches" && isTooLong(element)) {
      limited = "text too long";
      continue;
    }
    if (test.op !== "matches") steps.left -= textSteps(test, element);
    const values: TruthName[] = [];
    for (const value of test.values ?? []) {
      if (steps.left < 0) return { holds: "unknown", limited: "search too long" };
      if (test.op !== "matches") {
        const text = folded(test, element) as string;
        const part = typeof value === "string" ? (folded(test, value) as string) : null;
        if (part === null) continue;
        const found =
          test.op === "contains"
            ? text.includes(part)
            : test.op === "ends_with"
              ? text.endsWith(part)
              : text.startsWith(part);
        values.push(found ? "true" : "false");
        continue;
      }
      const regex = plan.regexes({ ...test, values: [value] })[0];
      if (!regex) limited = "pattern too large";
      values.push(regex ? (TRUTH_NAMES[regex.search(element, steps)] as TruthName) : "unknown");
      if (values.at(-1) === "true") return { holds: "true" };
    }
    if (steps.left < 0) return { holds: "unknown", limited: "search too long" };
    const one = values.includes("true")
      ? "true"
      : values.length === 0 || values.includes("unknown")
        ? "unknown"
        : "false";
    if (one === "true") return { holds: "true" };
    results.push(one);
  }
  const result = either(results);
  return result === "unknown" && limited ? { holds: result, limited } : { holds: result };
}

/** True if one value is satisfied; else unknown if one could not be told; else false. */
function anyValue(test: AttributeTest, actual: unknown): TruthName {
  const values = test.values ?? [];
  if (test.op === "equals" || test.op === "in") {
    if (!values.some((value) => typeof value === typeof actual) || Number.isNaN(actual)) return "unknown";
    return values.some((value) => folded(test, value) === folded(test, actual)) ? "true" : "false";
  }
  const results = values.map((value) => satisfies(test, actual, value));
  if (results.includes(true)) return "true";
  return results.length === 0 || results.includes(undefined) ? "unknown" : "false";
}

const folded = (test: AttributeTest, value: unknown): unknown =>
  test.ignoreCase && typeof value === "string" ? value.toLowerCase() : value;

/** Whether one attribute value satisfies one value of the test; undefined when that cannot be told. */
function satisfies(test: AttributeTest, actual: unknown, value: ConditionValue): boolean | undefined {
  switch (test.op) {
    case "gt":
    case "gte":
    case "lt":
    case "lte":
      if (typeof actual !== "number" || Number.isNaN(actual) || typeof value !== "number") return undefined;
      if (test.op === "gt") return actual > value;
      if (test.op === "gte") return actual >= value;
      return test.op === "lt" ? actual < value : actual <= value;
    case "before":
    case "after": {
      const at = typeof actual === "string" ? parseInstant(actual) : typeof actual === "number" ? actual : Number.NaN;
      const bound = typeof value === "string" ? parseInstant(value) : Number.NaN;
      if (Number.isNaN(at) || Number.isNaN(bound)) return undefined;
      return test.op === "before" ? at < bound : at > bound;
    }
    default:
      if (typeof actual !== "string" || typeof value !== "string") return undefined;
      return satisfiesText(test, actual, value);
  }
}

function satisfiesText(test: AttributeTest, actual: string, value: string): boolean | undefined {
  switch (test.op) {
    case "starts_with":
      return actual.startsWith(value);
    case "ends_with":
      return actual.endsWith(value);
    case "in_cidr": {
      const address = parseAddress(actual);
      const network = parseNetwork(value);
      return address && network ? contains(network, address) : undefined;
    }
  }
  const left = parseVersion(actual);
  const right = parseVersion(value);
  if (!left || !right) return undefined;
  const order = compareVersions(left, right);
  switch (test.op) {
    case "semver_eq":
      return order === 0;
    case "semver_gt":
      return order > 0;
    case "semver_gte":
      return order >= 0;
    case "semver_lt":
      return order < 0;
    default:
      return order <= 0;
  }
}
