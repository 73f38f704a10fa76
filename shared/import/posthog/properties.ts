import {
  asciiLowerCase,
  leadingNumber,
  posthogText,
  posthogTrue,
  posthogVersion,
} from "../../evaluation/dialects/vendor-readings.ts";
import type { Reading } from "../../schema/bucket.ts";
import type { AttributeTest, Condition, ConditionValue, Operator } from "../../schema/condition.ts";
import { all, any, exists, unless } from "../conditions.ts";
import { fromJavaScript, PATTERN_FAULTS } from "../patterns.ts";
import type { Told } from "../told.ts";
import { divided } from "../values.ts";
import { isPortable } from "./portable.ts";
import { caretBounds, tildeBounds, wildcardBounds } from "./versions.ts";

/*
 * What PostHog cannot decide is unknown here, and both join it alike: what is not met tells of all, what is met tells of
 * any, and the opposite of unknown is unknown.
 */

/** Unknown for everybody. */
export const UNDECIDED: Condition = { attribute: "//unknown", op: "equals", values: [true] };

export const not = (condition: Condition): Condition => ("not" in condition ? condition.not : { not: condition });

export interface PropertyTest {
  readonly operator: string;
  readonly value: unknown;
  /** How values are compared, as the file says. */
  readonly version: number | null | undefined;
}

/** A test of an attribute. What is not there leaves it undecided. */
export function propertyCondition(attribute: string, test: PropertyTest, told: Told, path: string): Condition {
  const { operator, value } = test;
  const negated = NEGATED[operator];
  if (negated !== undefined) return not(propertyCondition(attribute, { ...test, operator: negated }, told, path));
  const texts = TEXTS[operator];
  if (texts !== undefined)
    return { attribute, op: texts, values: [asciiLowerCase(value) ?? ""], as: "ascii-lower-case" };
  switch (operator) {
    case "is_set":
      return isThere(attribute);
    case "is_not_set":
      return not(isThere(attribute));
    case "exact":
      return exact(attribute, test);
    case "regex":
    case "not_regex":
      return pattern(attribute, String(value), operator === "not_regex", told, path);
    case "gt":
    case "gte":
    case "lt":
    case "lte":
      return ofValue(attribute, order(attribute, operator, value));
    case "is_date_before":
    case "is_date_after":
      return ofValue(attribute, date(attribute, operator === "is_date_before", value));
    default:
      if (operator.startsWith("semver_")) return ofValue(attribute, version(attribute, operator, String(value)));
      told.note(path, `PostHog's SDK knows no operator "${operator}", so it leaves the property undecided`);
      return UNDECIDED;
  }
}

const NEGATED: Readonly<Record<string, string>> = {
  is_not: "exact",
  not_icontains: "icontains",
  not_starts_with: "starts_with",
  not_ends_with: "ends_with",
};
const TEXTS: Readonly<Record<string, Operator>> = {
  icontains: "contains",
  starts_with: "starts_with",
  ends_with: "ends_with",
};

/** True, of null too, or unknown. */
const isThere = (attribute: string): Condition => ({ attribute, op: "starts_with", values: [""], as: "null-text" });

/** Null is not met. */
function ofValue(attribute: string, condition: Condition): Condition {
  const ways = "any" in condition ? condition.any : [condition];
  return any([...ways.map((way) => all([exists(attribute), way])), not(isThere(attribute))]);
}

/**
 * Whether the texts are the same. Whole numbers are not compared, since the SDK cannot tell them from 1.0. Values that
 * are all true or false only ask whether the attribute is true, in files of the first version.
 */
function exact(attribute: string, { value, version }: PropertyTest): Condition {
  const isTrue: Condition = { attribute, op: "equals", values: [true], as: "posthog-true" };
  if ((version !== 2 && isBoolean(value)) || (Array.isArray(value) && value.length === 0))
    return posthogTrue(value) ? isTrue : not(isTrue);
  const wanted = (Array.isArray(value) ? value : [value]).map((one) => posthogText(one)?.toLowerCase());
  // What stands after a whole number is never looked at.
  const last = wanted.includes(undefined) ? wanted.indexOf(undefined) : wanted.length;
  const texts = wanted.slice(0, last).filter((text) => text !== undefined);
  const same = divided(texts, (values) => ({ attribute, op: "in", values, ignoreCase: true, as: "posthog-text" }));
  if (last < wanted.length) return any([same, UNDECIDED]);
  return version === 2 && isBoolean(value) ? all([unless(is(attribute, "number")), same]) : same;
}

const is = (attribute: string, type: string): AttributeTest => ({
  attribute,
  op: "equals",
  values: [type],
  as: "type",
});

/** True, false, a text that says so, or a list of such. */
function isBoolean(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isBoolean);
  return typeof value === "boolean" || (typeof value === "string" && /^(?:true|false)$/i.test(value));
}

/** The SDK leaves other texts than ASCII undecided, and patterns that engines read differently. */
function pattern(attribute: string, source: string, negate: boolean, told: Told, path: string): Condition {
  const isMet = isThere(attribute);
  if (source === "") return negate ? not(isMet) : isMet;
  if (!isPortable(source)) {
    told.approximate(path, "where the SDK leaves this pattern undecided, another condition may decide here");
    return UNDECIDED;
  }
  const translated = fromJavaScript(source);
  if ("fault" in translated) {
    if (translated.fault !== "invalid") told.refuse(path, PATTERN_FAULTS[translated.fault]);
    return not(isMet);
  }
  const matches: Condition = { attribute, op: "matches", values: [translated.pattern], as: "ascii-text" };
  return negate ? not(matches) : matches;
}

/** As numbers where both begin with one, else as texts. */
function order(attribute: string, op: "gt" | "gte" | "lt" | "lte", value: unknown): Condition {
  const asText: Condition = { attribute, op: `text_${op}`, values: [String(value)], as: "text" };
  const number = leadingNumber(value);
  if (number === undefined) return asText;
  const isNumber: Condition = { attribute, op: "exists", as: "leading-number" };
  const asNumber: Condition = { attribute, op, values: [number], as: "leading-number" };
  return any([all([isNumber, asNumber]), all([unless(isNumber), asText])]);
}

const DAY_MS = 86_400_000;
const UNITS_MS: Readonly<Record<string, number>> = { h: DAY_MS / 24, d: DAY_MS, w: 7 * DAY_MS };
const CALENDAR: Readonly<Record<string, Reading>> = { m: "months-ago", y: "years-ago" };

function date(attribute: string, isBefore: boolean, value: unknown): Condition {
  if (typeof value === "boolean") return UNDECIDED;
  const test = (op: Operator, at: number, as: Reading): Condition => ({ attribute, op, values: [at], as });
  const relative = /^-?(\d+)([hdwmy])$/.exec(String(value));
  if (relative && Number(relative[1]) < 10_000) {
    const [, count, unit] = relative;
    const calendar = CALENDAR[unit as string];
    // Before the date is older than it.
    if (calendar) return test(isBefore ? "gt" : "lte", Number(count), calendar);
    return test(isBefore ? "gt" : "lt", Number(count) * (UNITS_MS[unit as string] ?? 0), "age");
  }
  const at = typeof value === "string" || typeof value === "number" ? new Date(value).getTime() : Number.NaN;
  return Number.isNaN(at) ? UNDECIDED : test(isBefore ? "lt" : "gt", at, "date");
}

const SEMVER: Readonly<Record<string, Operator>> = {
  semver_eq: "semver_eq",
  semver_gt: "semver_gt",
  semver_gte: "semver_gte",
  semver_lt: "semver_lt",
  semver_lte: "semver_lte",
};
const BOUNDS = { semver_tilde: tildeBounds, semver_caret: caretBounds, semver_wildcard: wildcardBounds };

/** Undecided for a value that is no version. */
function version(attribute: string, operator: string, text: string): Condition {
  const test = (op: Operator, bound: ConditionValue): Condition => ({
    attribute,
    op,
    values: [bound],
    as: "posthog-version",
  });
  const bounds = Object.hasOwn(BOUNDS, operator) ? BOUNDS[operator as keyof typeof BOUNDS](text) : undefined;
  if (bounds) return all([test("semver_gte", bounds[0]), test("semver_lt", bounds[1])]);
  const bound = posthogVersion(text);
  if (bounds === null || bound === undefined) return UNDECIDED;
  if (operator === "semver_neq") return not(test("semver_eq", bound));
  const op = SEMVER[operator];
  return op === undefined ? UNDECIDED : test(op, bound);
}
