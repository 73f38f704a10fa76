import { readerPath } from "../../evaluation/attribute-readers.ts";
import { launchdarklyInstant, launchdarklyVersion } from "../../evaluation/dialects/vendor-readings.ts";
import type { AttributeTest, Condition, ConditionValue, Operator } from "../../schema/condition.ts";
import { all, any, exists, NEVER, unless } from "../conditions.ts";
import { fromJavaScript, PATTERN_FAULTS } from "../patterns.ts";
import type { Told } from "../told.ts";
import { divided, oneOf } from "../values.ts";
import type { Clause } from "./schema.ts";

/** A context's attribute; null for a reference that is none. Without a kind it is a name, else it may be a pointer. */
export function attributeOf(reference: string, kind: string | null | undefined): string | null {
  const steps = kind && reference.startsWith("/") ? pointerSteps(reference) : reference === "" ? null : [reference];
  if (steps === null) return null;
  if (steps.length === 1 && steps[0] === "kind") return readerPath("kinds");
  return readerPath("kind", kind || "user", ...steps);
}

export const keyOf = (kind: string | null | undefined): string => readerPath("kind", kind || "user", "key");

function pointerSteps(pointer: string): string[] | null {
  const steps = pointer.slice(1).split("/");
  if (steps.some((step) => step === "" || /~(?![01])/.test(step))) return null;
  return steps.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** What a clause asks segments for. */
export interface SegmentNames {
  /** Whether the file has it; what it does not have matches nobody. */
  has(key: string): boolean;
  /** Says why the segment cannot be asked, if it cannot. */
  ask(key: string, told: Told, path: string): void;
}

/** A clause; null for one that is malformed, for which LaunchDarkly answers the caller's default. */
export function clauseCondition(clause: Clause, segments: SegmentNames, told: Told, path: string): Condition | null {
  const values = clause.values ?? [];
  if (clause.op === "segmentMatch") {
    const known = values.filter((value) => typeof value === "string").filter((key) => segments.has(key));
    for (const key of known) segments.ask(key, told, `${path}.values`);
    const member = any(known.map((segment) => ({ segment })));
    return clause.negate ? unless(member) : member;
  }
  const attribute = attributeOf(clause.attribute ?? "", clause.contextKind);
  if (attribute === null) return null;
  const test = testOf(clause.op, attribute, values, told, path);
  // What is not there matches no clause, negated or not.
  return clause.negate ? all([exists(attribute), unless(test)]) : test;
}

const TEXTS: Readonly<Record<string, Operator>> = {
  startsWith: "starts_with",
  endsWith: "ends_with",
  contains: "contains",
};
const NUMBERS: Readonly<Record<string, Operator>> = {
  lessThan: "lt",
  lessThanOrEqual: "lte",
  greaterThan: "gt",
  greaterThanOrEqual: "gte",
};
const DATES: Readonly<Record<string, Operator>> = { before: "lt", after: "gt" };
const VERSIONS: Readonly<Record<string, Operator>> = {
  semVerEqual: "semver_eq",
  semVerLessThan: "semver_lt",
  semVerGreaterThan: "semver_gt",
};

const isText = (value: unknown): value is string => typeof value === "string";
const isNumber = (value: unknown): value is number => typeof value === "number";

/** Types are never converted: what is of another one does not match. */
function testOf(op: string, attribute: string, values: readonly unknown[], told: Told, path: string): Condition {
  if (op === "in") {
    if (values.some((value) => isNumber(value) && Math.abs(value) > Number.MAX_SAFE_INTEGER))
      told.approximate(path, `numbers beyond ${Number.MAX_SAFE_INTEGER} are not told apart here`);
    return oneOf(attribute, values);
  }
  if (op === "matches") return any(values.filter(isText).map((source) => patternOf(source, attribute, told, path)));
  const among = (operator: Operator | undefined, wanted: readonly ConditionValue[], as?: AttributeTest["as"]) =>
    operator === undefined
      ? null
      : divided(wanted, (some) => ({ attribute, op: operator, values: some, ...(as && { as }) }));
  const found =
    among(TEXTS[op], values.filter(isText)) ??
    among(NUMBERS[op], values.filter(isNumber)) ??
    among(DATES[op], values.map(launchdarklyInstant).filter(isNumber), "launchdarkly-instant") ??
    among(VERSIONS[op], values.map(launchdarklyVersion).filter(isText), "launchdarkly-version");
  if (found === null) told.note(path, `LaunchDarkly's SDK knows no operator "${op}", so it matches nobody`);
  return found ?? NEVER;
}

function patternOf(source: string, attribute: string, told: Told, path: string): Condition {
  const translated = fromJavaScript(source);
  if ("pattern" in translated) return { attribute, op: "matches", values: [translated.pattern] };
  if (translated.fault !== "invalid") told.refuse(path, PATTERN_FAULTS[translated.fault]);
  return NEVER;
}
