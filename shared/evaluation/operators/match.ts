import { ELEMENT_VALUES, MATCHED_ELEMENTS } from "../../limits.ts";
import type { AttributeTest, ConditionValue } from "../../schema/condition.ts";
import {
  ENDS_WITH,
  EQUALS,
  EXISTS,
  GT,
  GTE,
  LT,
  LTE,
  ONE_OF,
  type ScalarTest,
  SEARCH,
  VALUE,
  VERSION,
} from "../model/predicate.ts";
import type { SearchPlan, Steps } from "../model/search.ts";
import { FALSE, TRUE, type Truth, UNKNOWN } from "../model/truth.ts";
import type { TextList, ValueTest } from "../model/value-test.ts";
import { AFTER, BEFORE, SAME, type Version, type VersionBound } from "../model/version.ts";
import { contains, type Network, parseAddress, parseNetwork } from "./cidr/cidr.ts";
import { parseInstant } from "./date/instant.ts";
import { isSearch, isTooLong, textSteps } from "./regex/search-plan.ts";
import { comparePlain, compareVersions, firstNumber, NOT_PLAIN, parseVersion, VERSION_CHARS } from "./semver/semver.ts";

const ACCEPTS = {
  semver_lt: BEFORE,
  semver_lte: BEFORE | SAME,
  semver_eq: SAME,
  semver_gte: SAME | AFTER,
  semver_gt: AFTER,
} as const;

const truth = (holds: boolean): Truth => (holds ? TRUE : FALSE);
const never: ValueTest = () => UNKNOWN;
const byFunction = (operand: ValueTest, tries = 1): ScalarTest => {
  if (tries > 1) operand.tries = tries;
  return { op: VALUE, operand };
};

/**
 * Compiles one attribute test, negation left out. It holds when any of the values satisfies it (Kleene's "or": a
 * value that means nothing to the operator, such as an invalid pattern, is unknown). An attribute of the wrong
 * type is unknown. `ignoreCase` compares toLowerCase of both sides (Unicode default mapping, no locale).
 *
 * The commonest operators get a code of their own, which costs neither a closure nor an indirect call.
 *
 * @param searches what the snapshot may spend on searching; worked out if any test asks
 * @param exact whether false must be told from unknown. Only `not` can tell; else what is quicker to refuse than to
 * understand may be called false.
 */
export function compileTest(test: AttributeTest, searches: () => SearchPlan, exact: boolean): ScalarTest {
  if (isSearch(test)) return searchTest(test, searches());
  const values = test.values ?? [];
  const fold = test.ignoreCase === true;
  const { op } = test;
  switch (op) {
    case "equals":
    case "in":
      return equality(values, fold);
    case "starts_with":
    case "ends_with":
      return edgeTest(op, strings(values), values.length);
    case "gt":
    case "gte":
    case "lt":
    case "lte":
      return numberTest(op, values);
    case "before":
    case "after":
      return byFunction(instantTest(op, strings(values)));
    case "in_cidr":
      return byFunction(cidrTest(strings(values)), values.length);
    case "exists":
      return { op: EXISTS, operand: null };
    default:
      return versionTest(ACCEPTS[op as keyof typeof ACCEPTS], strings(values), exact || values.length > 1);
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
      if (test.op === SEARCH || !Array.isArray(value)) return test.operand(value);
  }
  return Array.isArray(value) ? testElements(test, value) : UNKNOWN;
}

/**
 * An array attribute matches when any element does; elements of another type are skipped, an empty one is false, one
 * of too many elements is unknown.
 */
function testElements(test: ScalarTest, elements: readonly unknown[]): Truth {
  if (elements.length === 0) return FALSE;
  const tries = test.op === VALUE ? (test.operand.tries ?? 1) : 1;
  if (elements.length > MATCHED_ELEMENTS || elements.length * tries > ELEMENT_VALUES) return UNKNOWN;
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
  if (text.length > VERSION_CHARS) return UNKNOWN;
  let order = comparePlain(text, version);
  if (order === NOT_PLAIN) {
    const parsed = parseVersion(text);
    if (!parsed) return UNKNOWN;
    order = compareVersions(parsed, version);
  }
  return accepted(order, accepts) ? TRUE : FALSE;
}

const accepted = (order: number, accepts: number): boolean =>
  (accepts & (order < 0 ? BEFORE : order > 0 ? AFTER : SAME)) !== 0;

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
  const longest = Math.max(0, ...[...set].map((value) => (typeof value === "string" ? value.length : 0)));
  return (value) => {
    if (!types.has(typeof value) || Number.isNaN(value)) return UNKNOWN;
    // Lower-casing shortens no text, so a longer one is in no list; it need not be read.
    if (typeof value === "string" && value.length > longest) return FALSE;
    return truth(set.has(fold && typeof value === "string" ? value.toLowerCase() : value));
  };
}

function edgeTest(op: "starts_with" | "ends_with", wanted: string[], tries: number): ScalarTest {
  if (op === "ends_with" && wanted.length === 1) return { op: ENDS_WITH, operand: wanted[0] as string };
  if (wanted.length === 0) return byFunction(never);
  return byFunction((value) => {
    if (typeof value !== "string") return UNKNOWN;
    for (const part of wanted) if (op === "ends_with" ? value.endsWith(part) : value.startsWith(part)) return TRUE;
    return FALSE;
  }, tries);
}

/** A search has its steps for all elements of an array together; it is unknown when they run out before it is true. */
function searchTest(test: AttributeTest, plan: SearchPlan): ScalarTest {
  const allowed = plan.steps(test);
  const search = test.op === "matches" ? regexSearch(test, plan) : textSearch(test);
  const steps: Steps = { left: 0 };
  const operand: ValueTest = (value) => {
    steps.left = allowed;
    if (typeof value === "string") return search(value, steps);
    if (!Array.isArray(value)) return UNKNOWN;
    if (value.length === 0) return FALSE;
    if (value.length > MATCHED_ELEMENTS) return UNKNOWN;
    let result: Truth = UNKNOWN;
    for (const element of value) {
      if (typeof element !== "string") continue;
      const one = search(element, steps);
      if (one === TRUE) return TRUE;
      if (steps.left < 0) return UNKNOWN;
      if (one === FALSE) result = FALSE;
    }
    return result;
  };
  return { op: SEARCH, operand };
}

type Search = (text: string, steps: Steps) => Truth;

function textSearch(test: AttributeTest): Search {
  const { op, ignoreCase: fold } = test;
  const values = strings(test.values ?? []);
  const wanted = fold ? values.map((value) => value.toLowerCase()) : values;
  if (wanted.length === 0) return never;
  return (given, steps) => {
    steps.left -= textSteps(test, given);
    if (steps.left < 0) return UNKNOWN;
    const text = fold ? given.toLowerCase() : given;
    for (const part of wanted) {
      if (op === "contains" ? text.includes(part) : op === "ends_with" ? text.endsWith(part) : text.startsWith(part))
        return TRUE;
    }
    return FALSE;
  };
}

function regexSearch(test: AttributeTest, plan: SearchPlan): Search {
  const all = plan.regexes(test);
  const regexes = all.filter((regex) => regex !== null);
  const otherwise = regexes.length === 0 || regexes.length < all.length ? UNKNOWN : FALSE;
  return (text, steps) => {
    if (isTooLong(text)) return UNKNOWN;
    let result: Truth = otherwise;
    for (const regex of regexes) {
      const one = regex.search(text, steps);
      if (one === TRUE) return TRUE;
      if (one === UNKNOWN) result = UNKNOWN;
      if (steps.left < 0) break;
    }
    return result;
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
  const versions = values.map(parseVersion).filter((version): version is Version => version !== null);
  const [first] = versions;
  if (first === undefined) return byFunction(never);
  if (values.length === 1) return { op: VERSION, operand: { version: first, accepts, exact } };
  const otherwise = versions.length < values.length ? UNKNOWN : FALSE;
  return byFunction((value) => {
    const given = typeof value === "string" ? parseVersion(value) : null;
    if (given === null) return UNKNOWN;
    return versions.some((version) => accepted(compareVersions(given, version), accepts)) ? TRUE : otherwise;
  }, values.length);
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
