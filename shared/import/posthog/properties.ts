import {
  asciiLowerCase,
  leadingNumber,
  posthogText,
  posthogVersion,
} from "../../evaluation/dialects/vendor-readings.ts";
import type { Reading } from "../../schema/bucket.ts";
import type { AttributeTest, Condition, ConditionValue, Operator } from "../../schema/condition.ts";
import { ALWAYS, all, any, exists, NEVER, unless } from "../conditions.ts";
import { fromJavaScript, PATTERN_FAULTS } from "../patterns.ts";
import type { Told } from "../told.ts";
import { divided } from "../values.ts";
import { isPortable } from "./portable.ts";
import { caretBounds, tildeBounds, wildcardBounds } from "./versions.ts";

/** A property as PostHog decides it: it is met, or it cannot be decided; else it is not met. */
export interface Verdict {
  readonly met: Condition;
  readonly undecided: Condition;
}

export const decided = (met: Condition): Verdict => ({ met, undecided: NEVER });
export const UNDECIDED: Verdict = { met: NEVER, undecided: ALWAYS };

/** The other way round, as far as it is decided. */
export const opposite = ({ met, undecided }: Verdict): Verdict => ({
  met: all([unless(met), unless(undecided)]),
  undecided,
});

/** All of them: one that is not met tells, whatever cannot be decided. */
export function every(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.length === 1) return verdicts[0] as Verdict;
  const mayBeMet = verdicts.map(({ met, undecided }) => any([met, undecided]));
  return {
    met: all(verdicts.map(({ met }) => met)),
    undecided: all([any(verdicts.map(({ undecided }) => undecided)), ...mayBeMet]),
  };
}

/** Any of them: one that is met tells. */
export function some(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.length === 1) return verdicts[0] as Verdict;
  const met = any(verdicts.map((one) => one.met));
  return { met, undecided: all([any(verdicts.map(({ undecided }) => undecided)), unless(met)]) };
}

export interface PropertyTest {
  readonly operator: string;
  readonly value: unknown;
  /** How values are compared, as the file says. */
  readonly version: number | null | undefined;
}

/** A test of an attribute. What is not there leaves it undecided. */
export function propertyVerdict(attribute: string, test: PropertyTest, told: Told, path: string): Verdict {
  const absent = is(attribute, "undefined");
  if (test.operator === "is_set") return { met: unless(absent), undecided: absent };
  if (test.operator === "is_not_set") return { met: NEVER, undecided: absent };
  const { met, undecided } = valueVerdict(attribute, test, told, path);
  return { met: all([unless(absent), met]), undecided: any([absent, undecided]) };
}

const is = (attribute: string, ...types: string[]): AttributeTest => ({
  attribute,
  op: "in",
  values: types,
  as: "type",
});

/** Of an attribute that is there, if only as null. */
function valueVerdict(attribute: string, test: PropertyTest, told: Told, path: string): Verdict {
  const { operator, value } = test;
  const negated = NEGATED[operator];
  if (negated !== undefined) return opposite(valueVerdict(attribute, { ...test, operator: negated }, told, path));
  const texts = TEXTS[operator];
  if (texts !== undefined)
    return decided({ attribute, op: texts, values: [asciiLowerCase(value)], as: "ascii-lower-case" });
  switch (operator) {
    case "exact":
      return exact(attribute, test);
    case "regex":
    case "not_regex":
      return pattern(attribute, String(value), operator === "not_regex", told, path);
    case "gt":
    case "gte":
    case "lt":
    case "lte":
      return decided(all([exists(attribute), order(attribute, operator, value)]));
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

/** Null is not met. */
const ofValue = (attribute: string, { met, undecided }: Verdict): Verdict => ({
  met: all([exists(attribute), met]),
  undecided: all([exists(attribute), undecided]),
});

/**
 * Whether the texts are the same. Whole numbers are not compared, since the SDK cannot tell them from 1.0. Values that
 * are all true or false only ask whether the attribute is true, in files of the first version.
 */
function exact(attribute: string, { value, version }: PropertyTest): Verdict {
  const isTrue: Condition = { attribute, op: "equals", values: [true], as: "posthog-true" };
  if ((version !== 2 && isBoolean(value)) || (Array.isArray(value) && value.length === 0))
    return decided(isWholeTrue(value) ? isTrue : unless(isTrue));
  const wanted = (Array.isArray(value) ? value : [value]).map(posthogText);
  const texts = wanted.filter((text) => text !== undefined).map((text) => text.toLowerCase());
  const same = divided(texts, (values) => ({ attribute, op: "in", values, ignoreCase: true, as: "posthog-text" }));
  const isText: Condition = { attribute, op: "exists", as: "posthog-text" };
  if (version === 2 && isBoolean(value)) {
    const isNumber = is(attribute, "number");
    return { met: all([unless(isNumber), same]), undecided: all([unless(isNumber), unless(isText)]) };
  }
  // What is wanted after a whole number is never looked at, unless it stands before.
  if (wanted.includes(undefined)) {
    const before = wanted.slice(0, wanted.indexOf(undefined)) as string[];
    const found = divided(
      before.map((text) => text.toLowerCase()),
      (values) => ({ attribute, op: "in", values, ignoreCase: true, as: "posthog-text" }),
    );
    return { met: found, undecided: unless(found) };
  }
  return { met: same, undecided: unless(isText) };
}

/** True, false, a text that says so, or a list of such. */
function isBoolean(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isBoolean);
  return typeof value === "boolean" || (typeof value === "string" && /^(?:true|false)$/i.test(value));
}

function isWholeTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isWholeTrue);
  return value === true || (typeof value === "string" && value.toLowerCase() === "true");
}

/** The SDK leaves other texts than ASCII undecided, and patterns that engines read differently. */
function pattern(attribute: string, source: string, negate: boolean, told: Told, path: string): Verdict {
  if (source === "") return decided(negate ? NEVER : ALWAYS);
  const note = "where the SDK leaves this pattern undecided, another condition may decide here";
  if (!isPortable(source)) {
    told.approximate(path, note);
    return UNDECIDED;
  }
  const translated = fromJavaScript(source);
  if ("fault" in translated) {
    if (translated.fault !== "invalid") told.refuse(path, PATTERN_FAULTS[translated.fault]);
    return decided(NEVER);
  }
  const matches: Condition = { attribute, op: "matches", values: [translated.pattern], as: "null-text" };
  const isOther: Condition = { attribute, op: "matches", values: ["[^\\x00-\\x7f]|\\r"], as: "null-text" };
  return { met: all([negate ? unless(matches) : matches, unless(isOther)]), undecided: isOther };
}

/** As numbers where both begin with one, else as texts. */
function order(attribute: string, op: "gt" | "gte" | "lt" | "lte", value: unknown): Condition {
  const asText: Condition = { attribute, op: `text_${op}`, values: [String(value)], as: "text" };
  const number = leadingNumber(value);
  if (number === undefined) return asText;
  const isNumber: Condition = { attribute, op: "exists", as: "leading-number" };
  const asNumber: Condition = { attribute, op, values: [number], as: "leading-number" };
  return any([asNumber, all([unless(isNumber), asText])]);
}

const DAY_MS = 86_400_000;
const UNITS_MS: Readonly<Record<string, number>> = { h: DAY_MS / 24, d: DAY_MS, w: 7 * DAY_MS };
const CALENDAR: Readonly<Record<string, Reading>> = { m: "months-ago", y: "years-ago" };

function date(attribute: string, isBefore: boolean, value: unknown): Verdict {
  if (typeof value === "boolean") return UNDECIDED;
  const relative = /^-?(\d+)([hdwmy])$/.exec(String(value));
  if (relative && Number(relative[1]) < 10_000) {
    const [, count, unit] = relative;
    const calendar = CALENDAR[unit as string];
    // Before the date is older than it.
    if (calendar) return dated(attribute, isBefore ? "gt" : "lte", Number(count), calendar);
    return dated(attribute, isBefore ? "gt" : "lt", Number(count) * (UNITS_MS[unit as string] ?? 0), "age");
  }
  const at = typeof value === "string" || typeof value === "number" ? new Date(value).getTime() : Number.NaN;
  return Number.isNaN(at) ? UNDECIDED : dated(attribute, isBefore ? "lt" : "gt", at, "instant");
}

function dated(attribute: string, op: Operator, at: number, as: Reading): Verdict {
  const isDate = is(attribute, "string", "number");
  const test = (operator: Operator): Condition => ({ attribute, op: operator, values: [at], as });
  return { met: all([isDate, test(op)]), undecided: unless(all([isDate, any([test("lte"), test("gt")])])) };
}

function version(attribute: string, operator: string, text: string): Verdict {
  const isVersion: Condition = { attribute, op: "exists", as: "posthog-version" };
  const met = versionTest(attribute, operator, text);
  return met === null ? UNDECIDED : { met: all([isVersion, met]), undecided: unless(isVersion) };
}

const SEMVER: Readonly<Record<string, Operator>> = {
  semver_eq: "semver_eq",
  semver_gt: "semver_gt",
  semver_gte: "semver_gte",
  semver_lt: "semver_lt",
  semver_lte: "semver_lte",
};
const BOUNDS = { semver_tilde: tildeBounds, semver_caret: caretBounds, semver_wildcard: wildcardBounds };

/** Null for a value that is no version. */
function versionTest(attribute: string, operator: string, text: string): Condition | null {
  const test = (op: Operator, bound: ConditionValue): Condition => ({
    attribute,
    op,
    values: [bound],
    as: "posthog-version",
  });
  const bounds = Object.hasOwn(BOUNDS, operator) ? BOUNDS[operator as keyof typeof BOUNDS](text) : undefined;
  if (bounds === null) return null;
  if (bounds) return all([test("semver_gte", bounds[0]), test("semver_lt", bounds[1])]);
  const bound = posthogVersion(text);
  if (bound === undefined) return null;
  if (operator === "semver_neq") return unless(test("semver_eq", bound));
  const op = SEMVER[operator];
  return op === undefined ? null : test(op, bound);
}
