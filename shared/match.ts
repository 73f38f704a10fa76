import { contains, type Network, parseAddress, parseNetwork } from "./cidr.ts";
import { parseInstant } from "./instant.ts";
import { MATCHED_TEXT_CHARS } from "./limits.ts";
import type { AttributeTest, ConditionValue, Operator } from "./schema/condition.ts";
import { comparePlain, compareVersions, parseVersion, type Version } from "./semver.ts";
import { FALSE, TRUE, type Truth, UNKNOWN } from "./truth.ts";

/** Whether a text contains a match of one pattern. */
export type RegexTest = (text: string) => boolean;
/** Compiles a linear-time regular expression; null when the pattern is invalid (then its test is unknown). */
export type RegexEngine = (pattern: string, ignoreCase: boolean) => RegexTest | null;

/** Tests one value of an attribute, never an array. Never BLOCKED. */
export type ValueTest = (value: unknown) => Truth;

const truth = (holds: boolean): Truth => (holds ? TRUE : FALSE);
const never: ValueTest = () => UNKNOWN;

/**
 * Compiles one attribute test, negation left out. It holds when any of the values satisfies it (Kleene's "or": a
 * value that means nothing to the operator, such as an invalid pattern, is unknown). An attribute of the wrong
 * type is unknown. `ignoreCase` compares toLowerCase of both sides (Unicode default mapping, no locale).
 */
export function compileTest(test: AttributeTest, regex: RegexEngine): ValueTest {
  const values = test.values ?? [];
  const fold = test.ignoreCase === true;
  const { op } = test;
  switch (op) {
    case "equals":
    case "in":
      return oneOf(values, fold);
    case "contains":
    case "starts_with":
    case "ends_with":
      return textTest(op, strings(values), fold);
    case "matches":
      return regexTest(strings(values), fold, regex);
    case "gt":
    case "gte":
    case "lt":
    case "lte":
      return numberTest(op, values);
    case "before":
    case "after":
      return instantTest(op, strings(values));
    case "in_cidr":
      return cidrTest(strings(values));
    case "exists":
      return (value) => truth(value !== undefined && value !== null);
    default:
      return versionTest(op, strings(values));
  }
}

const strings = (values: readonly ConditionValue[]): string[] => values.filter((value) => typeof value === "string");

function oneOf(values: readonly ConditionValue[], fold: boolean): ValueTest {
  const set = new Set<unknown>(fold ? values.map((v) => (typeof v === "string" ? v.toLowerCase() : v)) : values);
  const types = new Set<string>(values.map((value) => typeof value));
  return (value) => {
    if (!types.has(typeof value) || Number.isNaN(value)) return UNKNOWN;
    return truth(set.has(fold && typeof value === "string" ? value.toLowerCase() : value));
  };
}

function textTest(op: "contains" | "starts_with" | "ends_with", values: string[], fold: boolean): ValueTest {
  const wanted = fold ? values.map((value) => value.toLowerCase()) : values;
  const only = wanted.length === 1 && !fold ? wanted[0] : undefined;
  if (only !== undefined && op === "ends_with")
    return (value) => (typeof value === "string" ? truth(value.endsWith(only)) : UNKNOWN);
  if (wanted.length === 0) return never;
  return (value) => {
    if (typeof value !== "string") return UNKNOWN;
    const text = fold ? value.toLowerCase() : value;
    for (const part of wanted) {
      if (op === "contains" ? text.includes(part) : op === "ends_with" ? text.endsWith(part) : text.startsWith(part))
        return TRUE;
    }
    return FALSE;
  };
}

function regexTest(patterns: string[], fold: boolean, regex: RegexEngine): ValueTest {
  const compiled = patterns.map((pattern) => regex(pattern, fold));
  const tests = compiled.filter((test) => test !== null);
  const otherwise = tests.length === 0 || tests.length < compiled.length ? UNKNOWN : FALSE;
  return (value) => {
    if (typeof value !== "string" || value.length > MATCHED_TEXT_CHARS) return UNKNOWN;
    for (const test of tests) if (test(value)) return TRUE;
    return otherwise;
  };
}

function numberTest(op: "gt" | "gte" | "lt" | "lte", values: readonly ConditionValue[]): ValueTest {
  const numbers = values.filter((value) => typeof value === "number");
  if (numbers.length === 0) return never;
  // Above any of them is above the least; below any, below the greatest.
  const bound = op === "gt" || op === "gte" ? Math.min(...numbers) : Math.max(...numbers);
  return (value) => {
    if (typeof value !== "number" || Number.isNaN(value)) return UNKNOWN;
    return truth(
      op === "gt" ? value > bound : op === "gte" ? value >= bound : op === "lt" ? value < bound : value <= bound,
    );
  };
}

function instantTest(op: "before" | "after", values: string[]): ValueTest {
  const instants = values.map(parseInstant).filter((instant) => !Number.isNaN(instant));
  if (instants.length === 0) return never;
  const otherwise = instants.length < values.length ? UNKNOWN : FALSE;
  const bound = op === "before" ? Math.max(...instants) : Math.min(...instants);
  return (value) => {
    const at = typeof value === "number" ? value : typeof value === "string" ? parseInstant(value) : Number.NaN;
    if (Number.isNaN(at)) return UNKNOWN;
    return (op === "before" ? at < bound : at > bound) ? TRUE : otherwise;
  };
}

function versionTest(op: Operator, values: string[]): ValueTest {
  const versions = values.map(parseVersion).filter((version) => version !== null);
  const first = versions[0];
  if (first === undefined) return never;
  const otherwise = versions.length < values.length ? UNKNOWN : FALSE;
  const holds = (order: number): boolean =>
    op === "semver_gte"
      ? order >= 0
      : op === "semver_gt"
        ? order > 0
        : op === "semver_lt"
          ? order < 0
          : op === "semver_lte"
            ? order <= 0
            : order === 0;
  const slow = (text: string): Truth => {
    const parsed: Version | null = parseVersion(text);
    if (!parsed) return UNKNOWN;
    return versions.some((version) => holds(compareVersions(parsed, version))) ? TRUE : otherwise;
  };
  if (versions.length > 1) return (value) => (typeof value === "string" ? slow(value) : UNKNOWN);
  return (value) => {
    if (typeof value !== "string") return UNKNOWN;
    const order = comparePlain(value, first);
    if (Number.isNaN(order)) return slow(value);
    return holds(order) ? TRUE : otherwise;
  };
}

function cidrTest(values: string[]): ValueTest {
  const networks = values.map(parseNetwork).filter((network): network is Network => network !== null);
  const otherwise = networks.length === 0 || networks.length < values.length ? UNKNOWN : FALSE;
  return (value) => {
    const address = typeof value === "string" ? parseAddress(value) : null;
    if (!address) return UNKNOWN;
    for (const network of networks) if (contains(network, address)) return TRUE;
    return otherwise;
  };
}

/** An array attribute matches when any element does; elements of another type are skipped, an empty one is false. */
export function testElements(elements: readonly unknown[], test: ValueTest): Truth {
  if (elements.length === 0) return FALSE;
  let result: Truth = UNKNOWN;
  for (const element of elements) {
    const one = test(element);
    if (one === TRUE) return TRUE;
    if (one === FALSE) result = FALSE;
  }
  return result;
}
