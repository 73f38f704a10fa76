import { readerPath } from "../../evaluation/attribute-readers.ts";
import { growthbookVersion } from "../../evaluation/dialects/vendor-readings.ts";
import { LIMITS } from "../../limits.ts";
import type { Reading } from "../../schema/bucket.ts";
import type { AttributeTest, Condition, Operator } from "../../schema/condition.ts";
import { ALWAYS, all, any, exists, NEVER, pathOf, unless } from "../conditions.ts";
import { fromJavaScript, PATTERN_FAULTS } from "../patterns.ts";
import type { Told } from "../told.ts";
import { oneOf } from "../values.ts";

type Groups = Readonly<Record<string, readonly unknown[]>>;

/** Translates GrowthBook's conditions, which compare as JavaScript does and read an absent attribute as null. */
export class MongoConditions {
  readonly #told: Told;
  readonly #groups: Groups;
  readonly #isOfElement: boolean;

  /** @param isOfElement attributes are those of a list's element */
  constructor(told: Told, groups: Groups, isOfElement = false) {
    this.#told = told;
    this.#groups = groups;
    this.#isOfElement = isOfElement;
  }

  translate(condition: Readonly<Record<string, unknown>>, path: string): Condition {
    return all(Object.entries(condition).map(([name, value]) => this.#entry(name, value, `${path}.${name}`)));
  }

  #entry(name: string, value: unknown, path: string): Condition {
    switch (name) {
      case "$or":
        return this.#anyOf(value, path);
      case "$nor":
        return unless(this.#anyOf(value, path));
      case "$and":
        return all(this.#list(value, path));
      case "$not":
        return isObject(value) ? unless(this.translate(value, path)) : this.#malformed(path);
      default:
        return this.#value(value, this.#isOfElement ? pathOf(...name.split(".")) : attributePath(name), path);
    }
  }

  #list(value: unknown, path: string): Condition[] {
    if (!Array.isArray(value)) return [this.#malformed(path)];
    return value.map((one, index) =>
      isObject(one) ? this.translate(one, `${path}.${index}`) : this.#malformed(`${path}.${index}`),
    );
  }

  /** Of nothing it holds. */
  #anyOf(value: unknown, path: string): Condition {
    return Array.isArray(value) && value.length === 0 ? ALWAYS : any(this.#list(value, path));
  }

  #malformed(path: string): Condition {
    this.#told.refuse(path, "this is no condition");
    return NEVER;
  }

  #value(expected: unknown, attribute: string, path: string, ignoreCase = false): Condition {
    if (typeof expected === "string") {
      const same = test(attribute, "equals", [expected], "text", ignoreCase);
      const isNull = (ignoreCase ? expected.toLowerCase() : expected) === "null";
      return isNull ? any([same, missing(attribute)]) : same;
    }
    if (typeof expected === "number") return this.#number("equals", expected, attribute, path);
    if (typeof expected === "boolean")
      return all([...(expected ? [] : [exists(attribute)]), test(attribute, "equals", [expected], "truthy")]);
    if (expected === null || expected === undefined) return missing(attribute);
    if (Array.isArray(expected) || !isOperators(expected)) return this.#json(expected, attribute, path);
    return all(
      Object.entries(expected).map(([operator, value]) =>
        this.#operator(operator, value, attribute, `${path}.${operator}`),
      ),
    );
  }

  #json(expected: unknown, attribute: string, path: string): Condition {
    const text = JSON.stringify(expected);
    if (text.length > LIMITS.conditionValueChars) {
      this.#told.refuse(path, `a value of more than ${LIMITS.conditionValueChars} characters cannot be compared`);
      return NEVER;
    }
    return test(attribute, "equals", [text], "json");
  }

  #operator(operator: string, expected: unknown, attribute: string, path: string): Condition {
    const isFolded = operator.endsWith("i");
    switch (operator) {
      case "$eq":
        return this.#same(expected, attribute, path);
      case "$ne":
        return unless(this.#same(expected, attribute, path));
      case "$gt":
      case "$gte":
      case "$lt":
      case "$lte":
        return this.#order(operator.slice(1) as Order, expected, attribute, path);
      case "$veq":
      case "$vgt":
      case "$vgte":
      case "$vlt":
      case "$vlte":
        return version(VERSION_OPERATORS[operator], expected, attribute);
      case "$vne":
        return unless(version("equals", expected, attribute));
      case "$exists":
        return expected ? exists(attribute) : missing(attribute);
      case "$in":
      case "$ini":
        return Array.isArray(expected) ? this.#in(expected, attribute, isFolded) : NEVER;
      case "$nin":
      case "$nini":
        return Array.isArray(expected) ? unless(this.#in(expected, attribute, isFolded)) : NEVER;
      case "$inGroup":
        return this.#in(this.#group(expected, path), attribute, false);
      case "$notInGroup":
        return unless(this.#in(this.#group(expected, path), attribute, false));
      case "$not":
        return unless(this.#value(expected, attribute, path));
      case "$regex":
      case "$regexi":
        return this.#pattern(expected, attribute, path, isFolded);
      case "$type":
        return kindTest(attribute, String(expected));
      case "$size":
        return all([isList(attribute), this.#value(expected, lengthOf(attribute), path)]);
      case "$elemMatch":
        return this.#someElement(expected, attribute, path);
      case "$all":
      case "$alli":
        return this.#allElements(expected, attribute, path, isFolded);
      default:
        this.#told.note(path, `GrowthBook knows no operator "${operator}", so it never holds`);
        return NEVER;
    }
  }

  /** Of the same type and value. Two lists or objects are never one. */
  #same(expected: unknown, attribute: string, path: string): Condition {
    if (expected === null) return missing(attribute);
    return typeof expected === "object" ? NEVER : this.#json(expected, attribute, path);
  }

  /** JavaScript takes nothing for 0. */
  #number(op: "equals" | Order, expected: number, attribute: string, path: string): Condition {
    if (Math.abs(expected) > Number.MAX_SAFE_INTEGER)
      this.#told.approximate(path, `numbers beyond ${Number.MAX_SAFE_INTEGER} are not told apart here`);
    const numeric = test(attribute, op, [expected], "coerced-number");
    return compare(op, 0, expected) ? any([numeric, missing(attribute)]) : numeric;
  }

  /** Two texts are compared as texts, anything else as numbers; lists and objects are texts. */
  #order(op: Order, expected: unknown, attribute: string, path: string): Condition {
    if (typeof expected === "number" || typeof expected === "boolean" || expected === null)
      return this.#number(op, Number(expected), attribute, path);
    const text = String(expected);
    const number = Number(text);
    const asText = all([
      test(attribute, "in", ["string", "array", "object"], "type"),
      test(attribute, `text_${op}`, [text], "text"),
    ]);
    if (Number.isNaN(number)) return asText;
    const asNumber = all([
      test(attribute, "in", ["number", "boolean", "null", "undefined"], "type"),
      this.#number(op, number, attribute, path),
    ]);
    return any([asText, asNumber]);
  }

  /** A list meets another when they share an element. */
  #in(expected: readonly unknown[], attribute: string, ignoreCase: boolean): Condition {
    const among = oneOf(attribute, expected, ignoreCase ? { ignoreCase } : {});
    return expected.includes(null) ? any([among, missing(attribute)]) : among;
  }

  #group(id: unknown, path: string): readonly unknown[] {
    const name = String(id);
    if (Object.hasOwn(this.#groups, name)) return this.#groups[name] as readonly unknown[];
    this.#told.note(path, `the file has no saved group "${name}", so nobody is in it`);
    return [];
  }

  #pattern(expected: unknown, attribute: string, path: string, ignoreCase: boolean): Condition {
    const source = String(expected);
    const translated = fromJavaScript(source);
    if ("pattern" in translated) {
      const matches = test(attribute, "matches", [translated.pattern], "text", ignoreCase);
      return new RegExp(source, ignoreCase ? "i" : "").test("null") ? any([matches, missing(attribute)]) : matches;
    }
    if (translated.fault !== "invalid") this.#told.refuse(path, PATTERN_FAULTS[translated.fault]);
    return NEVER;
  }

  /** What JavaScript takes for false is no element. */
  #someElement(expected: unknown, attribute: string, path: string): Condition {
    if (!isObject(expected)) return this.#malformed(path);
    const ofElement = this.#ofElement();
    const meets = isOperators(expected)
      ? ofElement.#value(expected, ELEMENT, path)
      : ofElement.translate(expected, path);
    return { some: { attribute, when: all([test(ELEMENT, "equals", [true], "truthy"), meets]) } };
  }

  #allElements(expected: unknown, attribute: string, path: string, ignoreCase: boolean): Condition {
    if (!Array.isArray(expected)) return NEVER;
    const ofElement = this.#ofElement();
    const each = expected.map(
      (one, index): Condition => ({
        some: { attribute, when: ofElement.#value(one, ELEMENT, `${path}.${index}`, ignoreCase) },
      }),
    );
    return all([isList(attribute), ...each]);
  }

  #ofElement(): MongoConditions {
    return new MongoConditions(this.#told, this.#groups, true);
  }
}

type Order = "gt" | "gte" | "lt" | "lte";

/** The path of an element itself. */
const ELEMENT = "/";

const VERSION_OPERATORS = {
  $veq: "equals",
  $vgt: "text_gt",
  $vgte: "text_gte",
  $vlt: "text_lt",
  $vlte: "text_lte",
} as const satisfies Record<string, Operator>;

const version = (op: Operator, expected: unknown, attribute: string): Condition =>
  test(attribute, op, [growthbookVersion(expected)], "growthbook-version");

const missing = (attribute: string): Condition => unless(exists(attribute));

/** What is absent is null. */
function kindTest(attribute: string, kind: string): Condition {
  if (kind === "undefined") return NEVER;
  return test(attribute, "in", kind === "null" ? ["null", "undefined"] : [kind], "type");
}

const isList = (attribute: string): Condition => test(attribute, "equals", ["array"], "type");

function lengthOf(attribute: string): string {
  if (attribute.startsWith("//")) return attribute;
  return attribute.startsWith("/") ? `${attribute}/length` : `${attribute}.length`;
}

function test(
  attribute: string,
  op: Operator,
  values: NonNullable<AttributeTest["values"]>,
  as: Reading,
  ignoreCase = false,
): AttributeTest {
  return { attribute, op, values, as, ...(ignoreCase ? { ignoreCase } : {}) };
}

function compare(op: "equals" | Order, one: number, other: number): boolean {
  if (op === "equals") return one === other;
  if (op === "gt") return one > other;
  if (op === "gte") return one >= other;
  return op === "lt" ? one < other : one <= other;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function isOperators(value: object): boolean {
  const names = Object.keys(value);
  return names.length > 0 && names.every((name) => name.startsWith("$"));
}

/** The provider makes `id` of the targeting key where an app sends none. */
export const attributePath = (path: string): string =>
  path === "id" ? readerPath("first", "id", "targetingKey") : pathOf(...path.split("."));

/** Of an attribute that buckets: its name is no path. */
export const bucketPath = (name: string): string => (name === "id" ? attributePath(name) : pathOf(name));
