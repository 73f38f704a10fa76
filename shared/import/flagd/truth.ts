import { flagdVersion } from "../../evaluation/dialects/logic-readings.ts";
import { parseVersion } from "../../evaluation/operators/semver/semver.ts";
import { LIMITS } from "../../limits.ts";
import type { AttributeTest, Condition, Operator } from "../../schema/condition.ts";
import { ALWAYS, all, any, exists, NEVER, numberIs, unless } from "../conditions.ts";
import type { Told } from "../told.ts";
import { type Logic, listOf, type Operand, operandOf, operatorOf } from "./operand.ts";

/*
 * Expressions as conditions. An expression is true, false, or it fails: then the SDK answers with the caller's default,
 * whatever comes after it.
 */

export interface Truth {
  readonly when: Condition;
  /** Where evaluating it fails. */
  readonly fails: Condition;
  /** Where it is null, which is no answer, and not false. */
  readonly none: Condition;
}

export interface Reading {
  readonly flagKey: string;
  /**
   * The SDK compiles rules, but for an "if" of one condition and no "else", and all within it. What it compiles
   * compares more loosely behind a constant.
   */
  readonly compiled: boolean;
  readonly path: string;
  readonly told: Told;
}

const certain = (when: Condition): Truth => ({ when, fails: NEVER, none: NEVER });
const FAILS: Truth = { when: NEVER, fails: ALWAYS, none: NEVER };
const NONE: Truth = { when: NEVER, fails: NEVER, none: ALWAYS };

const kind = (attribute: string, ...kinds: string[]): Condition => ({ attribute, op: "in", values: kinds, as: "kind" });
const test = (attribute: string, op: Operator, value: string | number, as: AttributeTest["as"]): Condition => ({
  attribute,
  op,
  values: [value],
  ...(as && { as }),
});
/** Whether JsonLogic reads a number there. */
const isNumber = (attribute: string): Condition =>
  any([test(attribute, "gte", 0, "logic-number"), test(attribute, "lt", 0, "logic-number")]);

/** Whom JsonLogic takes the expression for true. */
export function truthOf(logic: Logic, reading: Reading): Truth {
  const operand = operandOf(logic, reading.flagKey);
  if (operand.kind === "constant") return certain(operand.value ? ALWAYS : NEVER);
  if (operand.kind === "list") return certain(operand.values.length > 0 ? ALWAYS : NEVER);
  if (operand.kind === "clock") return certain(ALWAYS);
  if (operand.kind === "attribute")
    return certain({ attribute: operand.path, op: "equals", values: [true], as: "logic-truthy" });
  const operator = operatorOf(logic);
  if (operator === null) return certain(NEVER);
  return operation(operator.name, operator.args, reading);
}

function operation(name: string, args: Logic, reading: Reading): Truth {
  const list = listOf(args);
  switch (name) {
    case "and":
      return conjunction(list.map((one) => truthOf(one, reading)));
    case "or":
      return disjunction(list.map((one) => truthOf(one, reading)));
    case "!":
      return negated(truthOf(list[0], reading));
    case "!!":
      return { ...truthOf(list[0], reading), none: NEVER };
    case "if":
      return choice(list, within(reading, list.length));
    case "==":
    case "!=":
    case "===":
    case "!==": {
      const same = equality(list, name.length === 3, reading);
      return name.startsWith("!") ? negated(same) : same;
    }
    case "<":
    case "<=":
    case ">":
    case ">=":
      return order(name, list, reading);
    case "in":
      return membership(list, reading);
    case "starts_with":
    case "ends_with":
      return edge(name, list, reading);
    case "sem_ver":
      return version(list, reading);
    default:
      return refused(reading, `"${name}" is not taken over`);
  }
}

function refused({ path, told }: Reading, message: string): Truth {
  told.refuse(path, message);
  return certain(NEVER);
}

const negated = ({ when, fails }: Truth): Truth => ({ when: unless(when), fails, none: NEVER });

function conjunction(parts: readonly Truth[]): Truth {
  const fails = parts.map((part, index) => all([...parts.slice(0, index).map(({ when }) => when), part.fails]));
  return { when: all(parts.map(({ when }) => when)), fails: any(fails), none: NEVER };
}

function disjunction(parts: readonly Truth[]): Truth {
  const fails = parts.map((part, index) => all([...parts.slice(0, index).map(({ when }) => unless(when)), part.fails]));
  return { when: any(parts.map(({ when }) => when)), fails: any(fails), none: NEVER };
}

/** What stands within an `if` of so many parts. */
export const within = <R extends Reading>(reading: R, parts: number): R =>
  parts === 2 ? { ...reading, compiled: false } : reading;

/** `if` as a condition. */
function choice([check, then, ...rest]: readonly Logic[], reading: Reading): Truth {
  if (check === undefined) return NONE;
  if (then === undefined) return truthOf(check, reading);
  const asked = truthOf(check, reading);
  const yes = truthOf(then, reading);
  const no = choice(rest, reading);
  const not = unless(asked.when);
  return {
    when: any([all([asked.when, yes.when]), all([not, no.when])]),
    fails: any([asked.fails, all([asked.when, yes.fails]), all([not, no.fails])]),
    none: NEVER,
  };
}

/** The attribute of a comparison and what it is compared with. */
function sides(
  list: readonly Logic[],
  reading: Reading,
): { path: string; other: Operand; swapped: boolean } | Operand[] {
  const [left, right] = list.map((one) => operandOf(one, reading.flagKey)) as [Operand, Operand];
  if (left?.kind === "attribute") return { path: left.path, other: right, swapped: false };
  if (right?.kind === "attribute") return { path: right.path, other: left, swapped: true };
  return [left, right];
}

function equality(list: readonly Logic[], strict: boolean, reading: Reading): Truth {
  if (list.length !== 2) return refused(reading, "a comparison of other than two values is not taken over");
  const found = sides(list, reading);
  if (Array.isArray(found)) return constants(found, reading, (a, b) => (strict ? a === b : looselyEqual(a, b)));
  const { path, other, swapped } = found;
  if (other.kind !== "constant") return compound(list, reading);
  const { value } = other;
  if (strict) return certain(strictly(path, value));
  if (swapped && reading.compiled) return behind(path, value);
  if (value === null)
    return {
      when: any([unless(exists(path)), { attribute: path, op: "in", values: [0, false] }]),
      fails: kind(path, "array", "object"),
      none: NEVER,
    };
  if (typeof value === "string") return looselyText(path, value);
  return { when: numberIs(path, Number(value), "logic-number"), fails: unless(isNumber(path)), none: NEVER };
}

/** As JavaScript compares, but for lists and objects. */
function behind(path: string, value: string | number | boolean | null): Truth {
  const fails = kind(path, "array", "object");
  if (value === null) return { when: unless(exists(path)), fails, none: NEVER };
  const number = Number(value);
  const numeric = Number.isNaN(number)
    ? NEVER
    : all([
        typeof value === "string" ? kind(path, "number", "boolean") : exists(path),
        numberIs(path, number, "logic-number"),
      ]);
  const same = typeof value === "string" ? test(path, "equals", value, "string") : NEVER;
  return { when: any([same, numeric]), fails, none: NEVER };
}

function strictly(path: string, value: string | number | boolean | null): Condition {
  if (value === null) return unless(exists(path));
  if (typeof value === "string") return test(path, "equals", value, "string");
  const same: Condition =
    typeof value === "number" ? numberIs(path, value, null) : { attribute: path, op: "equals", values: [value] };
  return all([same, unless(kind(path, "array"))]);
}

function looselyText(path: string, text: string): Truth {
  const number = Number(text);
  const same = test(path, "equals", text, "string");
  if (Number.isNaN(number))
    return { when: same, fails: unless(kind(path, "string", "null", "undefined")), none: NEVER };
  const numeric = all([kind(path, "number", "boolean"), numberIs(path, number, "logic-number")]);
  return { when: any([same, numeric]), fails: kind(path, "array", "object"), none: NEVER };
}

function constants(
  [left, right]: readonly Operand[],
  reading: Reading,
  compare: (a: never, b: never) => boolean,
): Truth {
  if (left?.kind === "constant" && right?.kind === "constant")
    return certain(compare(left.value as never, right.value as never) ? ALWAYS : NEVER);
  return refused(reading, "a comparison of two computed values is not taken over");
}

/** A comparison of a condition with true or false. */
function compound(list: readonly Logic[], reading: Reading): Truth {
  return refused(reading, `a comparison of ${list.length} computed values is not taken over`);
}

/** JsonLogic's "==": two texts as texts, anything else as numbers. */
const looselyEqual = (a: unknown, b: unknown): boolean =>
  typeof a === "string" && typeof b === "string" ? a === b : Number(a) === Number(b);

const NUMBER_OPS: Record<string, Operator> = { "<": "lt", "<=": "lte", ">": "gt", ">=": "gte" };
const MIRRORED: Record<string, string> = { "<": ">", "<=": ">=", ">": "<", ">=": "<=" };

function order(name: string, list: readonly Logic[], reading: Reading): Truth {
  if (list.length > 2)
    return conjunction(list.slice(1).map((right, index) => order(name, [list[index], right], reading)));
  if (list.length < 2) return FAILS;
  const operands = list.map((one) => operandOf(one, reading.flagKey)) as [Operand, Operand];
  if (operands.some((one) => one.kind === "clock")) return clock(name, operands, reading);
  const found = sides(list, reading);
  if (Array.isArray(found))
    return constants(found, reading, (a, b) =>
      name === "<" ? a < b : name === "<=" ? a <= b : name === ">" ? a > b : a >= b,
    );
  const { path, other, swapped } = found;
  if (other.kind !== "constant" || other.value === null) return compound(list, reading);
  const operator = swapped ? (MIRRORED[name] as string) : name;
  const number = Number(other.value);
  if (typeof other.value === "string") {
    reading.told.approximate(
      reading.path,
      `texts are compared with "${other.value}" as numbers; contexts with a text in ${path} differ`,
    );
    if (Number.isNaN(number)) return refused(reading, "the order of texts is not taken over");
  }
  const op = NUMBER_OPS[operator] as Operator;
  // Behind a number, a text that is none is only compared in vain.
  const fails = swapped && reading.compiled ? kind(path, "array", "object") : unless(isNumber(path));
  return { when: test(path, op, number, "logic-number"), fails, none: NEVER };
}

/** `$flagd.timestamp` compared with a number of seconds. */
function clock(name: string, [left, right]: readonly [Operand, Operand], reading: Reading): Truth {
  const swapped = right.kind === "clock";
  const other = swapped ? left : right;
  if (other.kind !== "constant" || !Number.isFinite(Number(other.value)) || other.value === null)
    return refused(reading, "the time is compared with something that is no number");
  const operator = swapped ? (MIRRORED[name] as string) : name;
  const seconds = Number(other.value);
  // The time is in whole seconds.
  const first = operator === ">" || operator === "<=" ? Math.floor(seconds) + 1 : Math.ceil(seconds);
  if (first <= 0) return certain(operator.startsWith(">") ? ALWAYS : NEVER);
  if (first >= 253_402_300_800) return certain(operator.startsWith(">") ? NEVER : ALWAYS);
  const instant = new Date(first * 1_000).toISOString();
  return certain({ now: operator.startsWith(">") ? { from: instant } : { before: instant } });
}

function membership([needle, haystack]: readonly Logic[], reading: Reading): Truth {
  const what = operandOf(needle, reading.flagKey);
  const where = operandOf(haystack, reading.flagKey);
  if (where.kind === "list") {
    if (what.kind === "constant") return certain(where.values.includes(what.value) ? ALWAYS : NEVER);
    if (what.kind === "attribute") return certain(listed(what.path, where.values));
  }
  if (where.kind === "attribute" && what.kind === "constant") return holding(where.path, what.value);
  if (where.kind === "constant" && typeof where.value === "string") {
    if (what.kind === "constant") return certain(where.value.includes(String(what.value)) ? ALWAYS : NEVER);
    if (what.kind === "attribute") return partOf(what.path, where.value, reading);
  }
  return refused(reading, '"in" with two computed values is not taken over');
}

function listed(path: string, values: readonly (string | number | boolean | null)[]): Condition {
  const scalars = values.filter((value) => value !== null && String(value).length <= LIMITS.conditionValueChars);
  const tests: Condition[] = [];
  for (let start = 0; start < scalars.length; start += LIMITS.valuesPerCondition)
    tests.push({
      attribute: path,
      op: "in",
      values: scalars.slice(start, start + LIMITS.valuesPerCondition) as (string | number | boolean)[],
    });
  const found = all([any(tests), unless(kind(path, "array"))]);
  return values.includes(null) ? any([found, unless(exists(path))]) : found;
}

/** A text that holds it, or a list that it is in. */
function holding(path: string, value: string | number | boolean | null): Truth {
  const inText = test(path, "contains", String(value), "string");
  const inList: Condition =
    value === null ? NEVER : all([kind(path, "array"), { attribute: path, op: "equals", values: [value] }]);
  const truthy: Condition = { attribute: path, op: "equals", values: [true], as: "truthy" };
  return { when: any([inText, inList]), fails: all([kind(path, "number", "boolean", "object"), truthy]), none: NEVER };
}

/** Whether the attribute's text is a part of a text, of which there are few enough to name. */
function partOf(path: string, text: string, reading: Reading): Truth {
  const parts = new Set<string>([""]);
  for (let start = 0; start < text.length; start++)
    for (let end = start + 1; end <= text.length; end++) parts.add(text.slice(start, end));
  if (parts.size > LIMITS.valuesPerCondition)
    return refused(reading, "an attribute is looked for in too long a text; write a list instead");
  const found: Condition = { attribute: path, op: "in", values: [...parts], as: "text" };
  return certain(text.includes("null") ? any([found, unless(exists(path))]) : found);
}

function edge(name: string, list: readonly Logic[], reading: Reading): Truth {
  const [text, part] = list.map((one) => operandOf(one, reading.flagKey));
  if (list.length !== 2) return NONE;
  if (text?.kind === "constant" && part?.kind === "constant") {
    if (typeof text.value !== "string" || typeof part.value !== "string") return NONE;
    const holds = name === "starts_with" ? text.value.startsWith(part.value) : text.value.endsWith(part.value);
    return certain(holds ? ALWAYS : NEVER);
  }
  if (text?.kind !== "attribute" || part?.kind !== "constant")
    return refused(reading, `"${name}" of a computed value is not taken over`);
  if (typeof part.value !== "string") return NONE;
  return {
    when: test(text.path, name as Operator, part.value, "string"),
    fails: NEVER,
    none: unless(kind(text.path, "string")),
  };
}

const VERSION_OPS: Record<string, Operator> = {
  "=": "semver_eq",
  "<": "semver_lt",
  "<=": "semver_lte",
  ">": "semver_gt",
  ">=": "semver_gte",
};

function version(list: readonly Logic[], reading: Reading): Truth {
  if (list.length !== 3) return NONE;
  const [left, operator, right] = list.map((one) => operandOf(one, reading.flagKey)) as [Operand, Operand, Operand];
  if (left.kind !== "attribute" || operator.kind !== "constant" || right.kind !== "constant")
    return refused(reading, '"sem_ver" takes an attribute, an operator and a version');
  const bound = flagdVersion(right.value);
  const parsed = bound === undefined ? null : parseVersion(bound);
  if (bound === undefined || parsed === null) return NONE;
  const compared = (op: Operator, value: string): Condition => test(left.path, op, value, "flagd-version");
  const isVersion = any([compared("semver_gte", "0.0.0"), compared("semver_lt", "0.0.0")]);
  const none = unless(isVersion);
  const found = (when: Condition): Truth => ({ when, fails: NEVER, none });
  const name = String(operator.value);
  const op = VERSION_OPS[name];
  if (op) return found(compared(op, bound));
  if (name === "!=") return found(all([isVersion, unless(compared("semver_eq", bound))]));
  // A pre-release of the next stands before it, and has the number of the next.
  const { major, minor } = parsed;
  const least = (a: number, b: number) => compared("semver_gte", `${a}.${b}.0-0`);
  if (name === "^") return found(all([least(major, 0), unless(least(major + 1, 0))]));
  if (name === "~") return found(all([least(major, minor), unless(least(major, minor + 1))]));
  return NONE;
}
