import { contains, type Network, parseAddress, parseNetwork } from "./cidr.ts";
import { parseInstant } from "./instant.ts";
import { MATCHED_TEXT_CHARS } from "./limits.ts";
import { ENDS_WITH, EQUALS, EXISTS, GT, GTE, LT, LTE, ONE_OF, type ScalarTest, VALUE, VERSION } from "./predicate.ts";
import type { AttributeTest, ConditionValue } from "./schema/condition.ts";
import { comparePlain, compareVersions, firstNumber, NOT_PLAIN, parseVersion, type Version } from "./semver.ts";
import { FALSE, TRUE, type Truth, UNKNOWN } from "./truth.ts";

/** Whether a text contains a match of one pattern. */
export type RegexTest = (text: string) => boolean;
/** Compiles a linear-time regular expression; null when the pattern is invalid (then its test is unknown). */
export type RegexEngine = (pattern: string, ignoreCase: boolean) => RegexTest | null;

/** Tests one value of an attribute, never an array. Never BLOCKED. */
export type ValueTest = (value: unknown) => Truth;

/** Texts, and of each first character's code the lowest five bits: a set of 32 as one number. */
export interface TextList {
  readonly texts: ReadonlySet<string>;
  readonly initials: number;
}

/** A version to compare with, and which orders satisfy: the sum of BEFORE, SAME and AFTER. */
export interface VersionBound {
  readonly version: Version;
  readonly accepts: number;
  /** Whether false must be told from unknown. */
  readonly exact: boolean;
}
const BEFORE = 1;
const SAME = 2;
const AFTER = 4;
const ACCEPTS = {
  semver_lt: BEFORE,
  semver_lte: BEFORE | SAME,
  semver_eq: SAME,
  semver_gte: SAME | AFTER,
  semver_gt: AFTER,
} as const;

const truth = (holds: boolean): Truth => (holds ? TRUE : FALSE);
const never: ValueTest = () => UNKNOWN;
const byFunction = (operand: ValueTest): ScalarTest => ({ op: VALUE, operand });

/**
 * Compiles one attribute test, negation left out. It holds when any of the values satisfies it (Kleene's "or": a
 * value that means nothing to the operator, such as an invalid pattern, is unknown). An attribute of the wrong
 * type is unknown. `ignoreCase` compares toLowerCase of both sides (Unicode default mapping, no locale).
 *
 * The commonest operators get a code of their own, which costs neither a closure nor an indirect call.
 *
 * @param exact whether false must be told from unknown. Only `not` can tell; else what is quicker to refuse than to
 * understand may be called false.
 */
export function compileTest(test: AttributeTest, regex: RegexEngine, exact: boolean): ScalarTest {
  const values = test.values ?? [];
  const fold = test.ignoreCase === true;
  const { op } = test;
  switch (op) {
    case "equals":
    case "in":
      return equality(values, fold);
    case "contains":
    case "starts_with":
    case "ends_with":
      return textTest(op, strings(values), fold);
    case "matches":
      return byFunction(regexTest(strings(values), fold, regex));
    case "gt":
    case "gte":
    case "lt":
    case "lte":
      return numberTest(op, values);
    case "before":
    case "after":
      return byFunction(instantTest(op, strings(values)));
    case "in_cidr":
      return byFunction(cidrTest(strings(values)));
    case "exists":
      return { op: EXISTS, operand: null };
    default:
      return versionTest(ACCEPTS[op], strings(values), exact || values.length > 1);
  }
}

/** Tests an attribute's value, negation left out. What an operator has no meaning for is unknown. */
export function testValue(test: ScalarTest, value: unknown): Truth {
  switch (test.op) {
    case EQUALS:
      if (typeof value === "string") return value === test.operand ? TRUE : FALSE;
      break;
    case ONE_OF:
      if (typeof value === "string") return isOneOf(value, test.operand) ? TRUE : FALSE;
      break;
    case ENDS_WITH:
      if (typeof value === "string") return endsWith(value, test.operand) ? TRUE : FALSE;
      break;
    case VERSION:
      if (typeof value === "string") return outOfReach(value, test.operand) ? FALSE : testVersion(value, test.operand);
      break;
    case GT:
      if (typeof value === "number") return ordered(value, value > test.operand);
      break;
    case GTE:
      if (typeof value === "number") return ordered(value, value >= test.operand);
      break;
    case LT:
      if (typeof value === "number") return ordered(value, value < test.operand);
      break;
    case LTE:
      if (typeof value === "number") return ordered(value, value <= test.operand);
      break;
    case EXISTS:
      return truth(value !== undefined && value !== null);
    default:
      if (!Array.isArray(value)) return test.operand(value);
  }
  return Array.isArray(value) ? testElements(test, value) : UNKNOWN;
}

/** An array attribute matches when any element does; elements of another type are skipped, an empty one is false. */
function testElements(test: ScalarTest, elements: readonly unknown[]): Truth {
  if (elements.length === 0) return FALSE;
  let result: Truth = UNKNOWN;
  for (const element of elements) {
    const one = Array.isArray(element) ? UNKNOWN : testValue(test, element);
    if (one === TRUE) return TRUE;
    if (one === FALSE) result = FALSE;
  }
  return result;
}

const ordered = (value: number, holds: boolean): Truth => (holds ? TRUE : Number.isNaN(value) ? UNKNOWN : FALSE);

/** Looking a text up costs several times as much as its first letter, which settles most texts and short lists. */
function isOneOf(text: string, { texts, initials }: TextList): boolean {
  return ((initials >>> text.charCodeAt(0)) & 1) === 1 && texts.has(text);
}

/** Suffixes such as mail domains differ at their beginning more than at their end, so look there before calling. */
function endsWith(text: string, suffix: string): boolean {
  const start = text.length - suffix.length;
  if (start < 0 || (suffix.length > 1 && text.charCodeAt(start + 1) !== suffix.charCodeAt(1))) return false;
  return text.endsWith(suffix);
}

/**
 * Whether the first number alone shows that the bound does not accept the text, be it a version or not. Mostly it
 * does, and false need not be told from unknown.
 */
function outOfReach(text: string, { version, accepts, exact }: VersionBound): boolean {
  if (exact) return false;
  const first = firstNumber(text);
  if (first < 0 || first === version.major) return false;
  return (accepts & (first < version.major ? BEFORE : AFTER)) === 0;
}

function testVersion(text: string, { version, accepts }: VersionBound): Truth {
  let order = comparePlain(text, version);
  if (order === NOT_PLAIN) {
    const parsed = parseVersion(text);
    if (!parsed) return UNKNOWN;
    order = compareVersions(parsed, version);
  }
  return (accepts & (order < 0 ? BEFORE : order > 0 ? AFTER : SAME)) === 0 ? FALSE : TRUE;
}

const strings = (values: readonly ConditionValue[]): string[] => values.filter((value) => typeof value === "string");

function equality(values: readonly ConditionValue[], fold: boolean): ScalarTest {
  const texts = strings(values);
  if (!fold && texts.length === values.length && texts[0] !== undefined)
    return texts.length === 1 ? { op: EQUALS, operand: texts[0] } : { op: ONE_OF, operand: textList(texts) };
  return byFunction(oneOf(values, fold));
}

function textList(texts: readonly string[]): TextList {
  return { texts: new Set(texts), initials: texts.reduce((bits, text) => bits | (1 << text.charCodeAt(0)), 0) };
}

function oneOf(values: readonly ConditionValue[], fold: boolean): ValueTest {
  const set = new Set<unknown>(fold ? values.map((v) => (typeof v === "string" ? v.toLowerCase() : v)) : values);
  const types = new Set<string>(values.map((value) => typeof value));
  return (value) => {
    if (!types.has(typeof value) || Number.isNaN(value)) return UNKNOWN;
    return truth(set.has(fold && typeof value === "string" ? value.toLowerCase() : value));
  };
}

function textTest(op: "contains" | "starts_with" | "ends_with", values: string[], fold: boolean): ScalarTest {
  const wanted = fold ? values.map((value) => value.toLowerCase()) : values;
  if (op === "ends_with" && wanted.length === 1 && !fold) return { op: ENDS_WITH, operand: wanted[0] as string };
  if (wanted.length === 0) return byFunction(never);
  return byFunction((value) => {
    if (typeof value !== "string") return UNKNOWN;
    const text = fold ? value.toLowerCase() : value;
    for (const part of wanted) {
      if (op === "contains" ? text.includes(part) : op === "ends_with" ? text.endsWith(part) : text.startsWith(part))
        return TRUE;
    }
    return FALSE;
  });
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

function numberTest(op: "gt" | "gte" | "lt" | "lte", values: readonly ConditionValue[]): ScalarTest {
  const numbers = values.filter((value) => typeof value === "number");
  if (numbers.length === 0) return byFunction(never);
  // Above any of them is above the least; below any, below the greatest.
  return op === "gt" || op === "gte"
    ? { op: op === "gt" ? GT : GTE, operand: Math.min(...numbers) }
    : { op: op === "lt" ? LT : LTE, operand: Math.max(...numbers) };
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

function versionTest(accepts: number, values: string[], exact: boolean): ScalarTest {
  const bounds: VersionBound[] = [];
  for (const value of values) {
    const version = parseVersion(value);
    if (version) bounds.push({ version, accepts, exact });
  }
  const [first] = bounds;
  if (first === undefined) return byFunction(never);
  if (values.length === 1) return { op: VERSION, operand: first };
  const otherwise = bounds.length < values.length ? UNKNOWN : FALSE;
  return byFunction((value) => {
    if (typeof value !== "string" || testVersion(value, first) === UNKNOWN) return UNKNOWN;
    return bounds.some((bound) => testVersion(value, bound) === TRUE) ? TRUE : otherwise;
  });
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
