import { contains, parseAddress, parseNetwork } from "./cidr.ts";
import { parseInstant } from "./instant.ts";
import { MATCHED_TEXT_CHARS } from "./limits.ts";
import type { RegexEngine } from "./match.ts";
import type { AttributeTest, ConditionValue } from "./schema/condition.ts";
import { compareVersions, parseVersion } from "./semver.ts";
import type { TruthName } from "./truth.ts";

/** One attribute test as it stands in the rule, and what the attribute made of it. */
export interface AttributeTrace extends AttributeTest {
  /** Before `negate`. */
  readonly holds: TruthName;
  /** The kind of thing that the context has there. */
  readonly found: "absent" | "null" | "array" | "string" | "number" | "boolean" | "object";
}

/** Interprets one attribute test, value by value. Slow and obvious on purpose: see explain.ts. */
export function explainAttribute(test: AttributeTest, actual: unknown, regex: RegexEngine): AttributeTrace {
  return { ...test, holds: holds(test, actual, regex), found: kindOf(actual) };
}

function kindOf(value: unknown): AttributeTrace["found"] {
  if (value === undefined) return "absent";
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  const type = typeof value;
  return type === "string" || type === "number" || type === "boolean" ? type : "object";
}

function holds(test: AttributeTest, actual: unknown, regex: RegexEngine): TruthName {
  if (test.op === "exists") return actual !== undefined && actual !== null ? "true" : "false";
  if (!Array.isArray(actual)) return anyValue(test, actual, regex);
  if (actual.length === 0) return "false";
  const results = actual.map((element) => anyValue(test, element, regex));
  return results.includes("true") ? "true" : results.includes("false") ? "false" : "unknown";
}

/** True if one value is satisfied; else unknown if one could not be told; else false. */
function anyValue(test: AttributeTest, actual: unknown, regex: RegexEngine): TruthName {
  const values = test.values ?? [];
  if (test.op === "equals" || test.op === "in") {
    if (!values.some((value) => typeof value === typeof actual) || Number.isNaN(actual)) return "unknown";
    return values.some((value) => folded(test, value) === folded(test, actual)) ? "true" : "false";
  }
  const results = values.map((value) => satisfies(test, actual, value, regex));
  if (results.includes(true)) return "true";
  return results.length === 0 || results.includes(undefined) ? "unknown" : "false";
}

const folded = (test: AttributeTest, value: unknown): unknown =>
  test.ignoreCase && typeof value === "string" ? value.toLowerCase() : value;

/** Whether one attribute value satisfies one value of the test; undefined when that cannot be told. */
function satisfies(
  test: AttributeTest,
  actual: unknown,
  value: ConditionValue,
  regex: RegexEngine,
): boolean | undefined {
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
      return satisfiesText(test, actual, value, regex);
  }
}

function satisfiesText(test: AttributeTest, actual: string, value: string, regex: RegexEngine): boolean | undefined {
  const text = test.ignoreCase ? actual.toLowerCase() : actual;
  const part = test.ignoreCase ? value.toLowerCase() : value;
  switch (test.op) {
    case "contains":
      return text.includes(part);
    case "starts_with":
      return text.startsWith(part);
    case "ends_with":
      return text.endsWith(part);
    case "matches":
      return actual.length > MATCHED_TEXT_CHARS ? undefined : regex(value, test.ignoreCase === true)?.(actual);
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
