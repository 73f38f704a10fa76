import { npmVersion } from "../../evaluation/dialects/vendor-readings.ts";
import { LIMITS } from "../../limits.ts";
import type { AttributeTest, Condition, Operator } from "../../schema/condition.ts";
import { ALWAYS, after, all, any, bucket, exists, NEVER, numberIs, pathOf, textIn, unless } from "../conditions.ts";
import { fromJavaScript, PATTERN_FAULTS } from "../patterns.ts";
import type { Told } from "../told.ts";
import type { EngineContext } from "./engine-context.ts";
import type { FlagsmithCondition, FlagsmithRule } from "./schema.ts";

/** What a segment's conditions are read with. */
export interface SegmentReading {
  readonly segmentKey: string;
  readonly engine: Pick<EngineContext, "environmentKey" | "environmentName">;
  readonly told: Told;
}

/** Where a value is: an attribute, or known beforehand. */
type Place = { attribute: string } | { value: string } | null;

export function ruleCondition(rule: FlagsmithRule, path: string, reading: SegmentReading): Condition {
  const conditions = (rule.conditions ?? []).map((one, index) =>
    conditionOf(one, `${path}.conditions.${index}`, reading),
  );
  const rules = (rule.rules ?? []).map((one, index) => ruleCondition(one, `${path}.rules.${index}`, reading));
  return all([together(rule.type, conditions), together(rule.type, rules)]);
}

/** An empty list holds, whatever the type of the rule is. */
function together(type: string, parts: readonly Condition[]): Condition {
  if (parts.length === 0 || type === "ALL") return all(parts);
  if (type === "ANY") return any(parts);
  return type === "NONE" ? all(parts.map(unless)) : NEVER;
}

function conditionOf(condition: FlagsmithCondition, path: string, reading: SegmentReading): Condition {
  const property = condition.property ?? condition.property_ ?? "";
  if (condition.operator === "PERCENTAGE_SPLIT") return split(condition, property, path, reading);
  if (property === "") return NEVER;
  const place = placeOf(property, path, reading);
  if (place === null) return NEVER;
  if ("value" in place) return ofKnown(place.value, condition, path, reading);
  const { attribute } = place;
  if (condition.operator === "IS_SET") return exists(attribute);
  if (condition.operator === "IS_NOT_SET") return unless(exists(attribute));
  return traitTest(attribute, condition, path, reading.told);
}

const TRAIT = /^\$\.identity\.traits(?:\.(.+)|\['(.+)'\])$/;

function placeOf(property: string, path: string, { engine, told }: SegmentReading): Place {
  const trait = TRAIT.exec(property);
  if (trait) return { attribute: pathOf((trait[1] ?? trait[2]) as string) };
  switch (property) {
    case "$.identity.identifier":
      return { attribute: "targetingKey" };
    case "$.environment.key":
      return { value: engine.environmentKey };
    case "$.environment.name":
      return { value: engine.environmentName };
  }
  if (property.startsWith("$.")) {
    told.refuse(`${path}.property`, `"${property}" is not known of a context here`);
    return null;
  }
  return { attribute: pathOf(property) };
}

function split(condition: FlagsmithCondition, property: string, path: string, reading: SegmentReading): Condition {
  const share = Number.parseFloat(String(condition.value));
  if (Number.isNaN(share) || share < 0) return NEVER;
  const { segmentKey, engine } = reading;
  const test = { algorithm: "flagsmith-md5" as const, from: 0, to: after(share) };
  if (property === "") return bucket({ by: "targetingKey", seed: [segmentKey, `${engine.environmentKey}_`], ...test });
  if (!property.startsWith("$.")) return NEVER;
  const place = placeOf(property, path, reading);
  if (place === null) return NEVER;
  if ("attribute" in place)
    return all([
      { attribute: place.attribute, op: "equals", values: [true], as: "truthy" },
      bucket({ by: place.attribute, seed: [segmentKey], ...test }),
    ]);
  reading.told.refuse(path, "a share of an environment's name is nobody or everybody");
  return NEVER;
}

/** A condition on the environment itself, which is the same for everybody. */
function ofKnown(value: string, condition: FlagsmithCondition, path: string, { told }: SegmentReading): Condition {
  const wanted = String(condition.value);
  const answers: Record<string, boolean> = {
    EQUAL: value === wanted,
    NOT_EQUAL: value !== wanted,
    CONTAINS: value !== "" && value.includes(wanted),
    NOT_CONTAINS: wanted !== "" && !value.includes(wanted),
    IN: listOf(condition).includes(value),
    IS_SET: true,
    IS_NOT_SET: false,
  };
  const holds = answers[condition.operator];
  if (holds === undefined) told.refuse(path, `"${condition.operator}" of an environment's name is not taken over`);
  return holds ? ALWAYS : NEVER;
}

const test = (
  attribute: string,
  op: Operator,
  value: string | number | boolean,
  as?: AttributeTest["as"],
): Condition => ({ attribute, op, values: [value], ...(as && { as }) });
const kind = (attribute: string, ...kinds: string[]): Condition => ({ attribute, op: "in", values: kinds, as: "kind" });

function traitTest(attribute: string, condition: FlagsmithCondition, path: string, told: Told): Condition {
  const { operator } = condition;
  const value = condition.value ?? null;
  const text = String(value);
  if (text.length > LIMITS.conditionValueChars && operator !== "IN") {
    told.refuse(`${path}.value`, `a value has at most ${LIMITS.conditionValueChars} characters`);
    return NEVER;
  }
  switch (operator) {
    case "EQUAL":
      return equal(attribute, text);
    case "NOT_EQUAL":
      return all([
        exists(attribute),
        unless(text.endsWith(SEMVER) ? plainEqual(attribute, text.replace(SEMVER, "")) : equal(attribute, text)),
      ]);
    case "GREATER_THAN":
    case "GREATER_THAN_INCLUSIVE":
    case "LESS_THAN":
    case "LESS_THAN_INCLUSIVE":
      return ordered(attribute, operator, text);
    case "CONTAINS":
      return test(attribute, "contains", text.endsWith(SEMVER) ? text.replace(SEMVER, "") : text, "string");
    case "NOT_CONTAINS":
      return value === null || text === ""
        ? NEVER
        : all([kind(attribute, "string"), unless(test(attribute, "contains", text, "string"))]);
    case "REGEX":
      return pattern(attribute, value === null ? "" : text, path, told);
    case "MODULO":
      return modulo(attribute, text);
    case "IN":
      return all([
        { attribute, op: "equals", values: [true], as: "truthy" },
        unless(kind(attribute, "boolean")),
        textIn(
          attribute,
          listOf(condition).filter(({ length }) => length <= LIMITS.conditionValueChars),
        ),
      ]);
    default:
      told.note(`${path}.operator`, `the engine does not know "${operator}", so the condition never holds`);
      return NEVER;
  }
}

const SEMVER = ":semver";
const FALSE = ["False", "false"];

/** Compared with what the value is as the trait's own type. */
function equal(attribute: string, text: string): Condition {
  if (text.endsWith(SEMVER)) {
    const version = npmVersion(text.replace(SEMVER, ""));
    return version === undefined ? NEVER : test(attribute, "semver_eq", version, "npm-version");
  }
  return plainEqual(attribute, text);
}

function plainEqual(attribute: string, text: string): Condition {
  const number = Number.parseFloat(text);
  return any([
    { attribute, op: "in", values: [text, !FALSE.includes(text)] },
    Number.isFinite(number) ? numberIs(attribute, number, null) : NEVER,
  ]);
}

const ORDERS: Record<string, { number: Operator; text: Operator; version: Operator }> = {
  GREATER_THAN: { number: "gt", text: "text_gt", version: "semver_gt" },
  GREATER_THAN_INCLUSIVE: { number: "gte", text: "text_gte", version: "semver_gte" },
  LESS_THAN: { number: "lt", text: "text_lt", version: "semver_lt" },
  LESS_THAN_INCLUSIVE: { number: "lte", text: "text_lte", version: "semver_lte" },
};

function ordered(attribute: string, operator: string, text: string): Condition {
  const order = ORDERS[operator] as (typeof ORDERS)[string];
  if (text.endsWith(SEMVER)) {
    const version = npmVersion(text.replace(SEMVER, ""));
    return version === undefined ? NEVER : test(attribute, order.version, version, "npm-version");
  }
  const number = Number.parseFloat(text);
  const truth = FALSE.includes(text) ? 0 : 1;
  return any([
    Number.isFinite(number) ? test(attribute, order.number, number) : NEVER,
    test(attribute, order.text, text, "string"),
    all([kind(attribute, "boolean"), test(attribute, order.number, truth, "coerced-number")]),
  ]);
}

function pattern(attribute: string, source: string, path: string, told: Told): Condition {
  if (source === "") return NEVER;
  const translated = fromJavaScript(source);
  if ("pattern" in translated) return test(attribute, "matches", translated.pattern, "text");
  // The engine takes what is no pattern for one that nothing matches.
  if (translated.fault !== "invalid") told.refuse(`${path}.value`, PATTERN_FAULTS[translated.fault]);
  return NEVER;
}

function modulo(attribute: string, text: string): Condition {
  const parts = text.split("|");
  const [divisor, rest] = parts.map(Number.parseFloat) as [number, number];
  if (parts.length !== 2 || Number.isNaN(divisor) || Number.isNaN(rest) || divisor === 0) return NEVER;
  return bucket({ by: attribute, algorithm: "remainder", seed: [String(divisor)], from: rest, to: after(rest) });
}

function listOf({ value }: FlagsmithCondition): string[] {
  if (Array.isArray(value)) return value.filter((one) => typeof one === "string");
  if (typeof value !== "string") return [];
  try {
    const parsed: unknown = JSON.parse(value);
    if (Array.isArray(parsed)) return parsed.filter((one) => typeof one === "string");
  } catch {
    // A list with commas.
  }
  return value.split(",");
}
