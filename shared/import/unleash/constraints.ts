import { parseNetwork } from "../../evaluation/operators/cidr/cidr.ts";
import { isRegex } from "../../evaluation/operators/regex/regex.ts";
import { parseVersion } from "../../evaluation/operators/semver/semver.ts";
import { LIMITS } from "../../limits.ts";
import type { AttributeTest, Condition, Operator } from "../../schema/condition.ts";
import { ALWAYS, all, any, NEVER, numberIs, pathOf, textIn, truthy, unless } from "../conditions.ts";
import type { Told } from "../told.ts";
import type { Constraint } from "./schema.ts";

/** Where Unleash's context field stands in an OpenFeature context. */
export const attributeOf = (field: string): string => (field === "userId" ? "targetingKey" : pathOf(field));

const NUMBERS: Partial<Record<string, Operator>> = { NUM_GT: "gt", NUM_GTE: "gte", NUM_LT: "lt", NUM_LTE: "lte" };
const TEXTS: Partial<Record<string, Operator>> = {
  STR_STARTS_WITH: "starts_with",
  STR_ENDS_WITH: "ends_with",
  STR_CONTAINS: "contains",
};
const VERSIONS: Partial<Record<string, Operator>> = {
  SEMVER_EQ: "semver_eq",
  SEMVER_GT: "semver_gt",
  SEMVER_GTE: "semver_gte",
  SEMVER_LT: "semver_lt",
  SEMVER_LTE: "semver_lte",
};
const KNOWN = ["contextName", "operator", "values", "value", "inverted", "caseInsensitive"];

/** One constraint. What the SDK takes for false is false, never unknown. */
export function constraintCondition(constraint: Constraint | null | undefined, path: string, told: Told): Condition {
  // The SDK takes an empty place for one that is not met.
  if (!constraint) return NEVER;
  told.unknown(path, constraint, KNOWN);
  const { operator, inverted } = constraint;
  const test = testOf(constraint, path, told);
  if (test === null) {
    told.note(`${path}.operator`, `the SDK does not know "${operator}", so the constraint never holds`);
    return NEVER;
  }
  return inverted ? unless(test) : test;
}

/** Null: the SDK does not know the operator, whose inversion does not hold either. */
function testOf(constraint: Constraint, path: string, told: Told): Condition | null {
  const { operator } = constraint;
  const attribute = attributeOf(constraint.contextName ?? "undefined");
  const value = constraint.value ?? undefined;
  const texts = () => cleaned(constraint, path, told);
  if (operator === "IN") return textIn(attribute, texts());
  if (operator === "NOT_IN") return unless(textIn(attribute, texts()));
  const textOp = TEXTS[operator];
  if (textOp) {
    const ignoreCase = constraint.caseInsensitive === true;
    return chunked(texts(), (values) => ({
      attribute,
      op: textOp,
      values,
      as: "text",
      ...(ignoreCase && { ignoreCase }),
    }));
  }
  const versionOp = VERSIONS[operator];
  if (versionOp) {
    const version = String(value ?? "")
      .trim()
      .replace(/^v/, "");
    return parseVersion(version) ? { attribute, op: versionOp, values: [version], as: "text" } : NEVER;
  }
  if (operator === "NUM_EQ" || NUMBERS[operator]) return numberTest(attribute, operator, Number(value), path, told);
  if (operator === "DATE_AFTER" || operator === "DATE_BEFORE") return dateTest(operator === "DATE_AFTER", value);
  if (operator === "REGEX") return patternTest(attribute, String(value ?? ""), constraint, path, told);
  if (operator === "IN_CIDR")
    return chunked(
      texts().filter((text) => parseNetwork(text)),
      (values) => ({
        attribute,
        op: "in_cidr",
        values,
        as: "text",
      }),
    );
  return null;
}

function chunked(texts: readonly string[], test: (values: string[]) => AttributeTest): Condition {
  const tests: AttributeTest[] = [];
  for (let start = 0; start < texts.length; start += LIMITS.valuesPerCondition)
    tests.push(test(texts.slice(start, start + LIMITS.valuesPerCondition)));
  return any(tests);
}

/** Empty values are left out, others are trimmed. */
function cleaned({ values }: Constraint, path: string, told: Told): string[] {
  const texts = (values ?? []).filter((value) => Boolean(value)).map((value) => String(value).trim());
  const short = texts.filter(({ length }) => length <= LIMITS.conditionValueChars);
  if (short.length < texts.length)
    told.approximate(
      `${path}.values`,
      `values of more than ${LIMITS.conditionValueChars} characters are left out; contexts that hold one differ`,
    );
  return short;
}

function numberTest(attribute: string, operator: string, number: number, path: string, told: Told): Condition {
  if (Number.isNaN(number)) return NEVER;
  if (!Number.isFinite(number)) {
    told.approximate(`${path}.value`, "an infinite number is left out; contexts with numbers differ");
    return NEVER;
  }
  if (operator === "NUM_EQ") return numberIs(attribute, number);
  return { attribute, op: NUMBERS[operator] as Operator, values: [number], as: "number" };
}

/** The context's `currentTime` if it has one, else the clock. */
function dateTest(isAfter: boolean, value: string | number | undefined): Condition {
  const at = new Date(value as string).getTime();
  if (Number.isNaN(at)) return NEVER;
  const attribute = "currentTime";
  const told = all([truthy(attribute), { attribute, op: isAfter ? "gt" : "lt", values: [at], as: "instant" }]);
  const clock = clockTest(isAfter ? at + 1 : at, isAfter);
  return any([told, all([unless(truthy(attribute)), clock])]);
}

function clockTest(at: number, isAfter: boolean): Condition {
  const instant = at < Date.UTC(10_000, 0) && at >= 0 ? new Date(at).toISOString() : null;
  // No clock shows an instant that needs more than four digits of a year, or one before 1970.
  if (instant === null) return at >= 0 === isAfter ? NEVER : ALWAYS;
  return { now: isAfter ? { from: instant } : { before: instant } };
}

function patternTest(
  attribute: string,
  pattern: string,
  { caseInsensitive }: Constraint,
  path: string,
  told: Told,
): Condition {
  const ignoreCase = caseInsensitive === true;
  if (pattern.length > LIMITS.regexChars) {
    told.refuse(`${path}.value`, `a regular expression has at most ${LIMITS.regexChars} characters`);
    return NEVER;
  }
  if (!isRegex(pattern, ignoreCase)) return NEVER;
  return { attribute, op: "matches", values: [pattern], as: "text", ...(ignoreCase && { ignoreCase }) };
}
