import { readerPath } from "../../evaluation/attribute-readers.ts";
import { npmVersion } from "../../evaluation/dialects/vendor-readings.ts";
import type { Condition, Operator } from "../../schema/condition.ts";
import { all, exists, NEVER, pathOf, unless } from "../conditions.ts";
import { fromJavaScript, PATTERN_FAULTS } from "../patterns.ts";
import type { Told } from "../told.ts";
import { divided } from "../values.ts";
import type { EppoCondition } from "./schema.ts";

const NUMBERS: Readonly<Record<string, Operator>> = { GT: "gt", GTE: "gte", LT: "lt", LTE: "lte" };
const VERSIONS: Readonly<Record<string, Operator>> = {
  GT: "semver_gt",
  GTE: "semver_gte",
  LT: "semver_lt",
  LTE: "semver_lte",
};

/** The subject's key is the attribute `id`, unless there is one. */
const attributeOf = (name: string): string =>
  name === "id" ? readerPath("first", "id", "targetingKey") : pathOf(name);

/** A condition. An attribute that is not there meets none but IS_NULL. */
export function conditionOf({ attribute: name, operator, value }: EppoCondition, told: Told, path: string): Condition {
  const attribute = attributeOf(name);
  switch (operator) {
    case "IS_NULL":
      return value ? unless(exists(attribute)) : exists(attribute);
    case "ONE_OF":
      return oneOf(attribute, value);
    case "NOT_ONE_OF":
      return all([exists(attribute), unless(oneOf(attribute, value))]);
    case "MATCHES":
      return matches(attribute, value, told, path);
    case "NOT_MATCHES":
      return all([exists(attribute), unless(matches(attribute, value, told, path))]);
    default:
      if (operator in NUMBERS) return compared(attribute, operator, value);
      told.note(path, `Eppo's SDK knows no operator "${operator}", so it is never met`);
      return NEVER;
  }
}

const oneOf = (attribute: string, value: unknown): Condition =>
  divided(
    (Array.isArray(value) ? value : []).filter((one) => typeof one === "string"),
    (values) => ({ attribute, op: "in", values, as: "text" }),
  );

function matches(attribute: string, value: unknown, told: Told, path: string): Condition {
  const translated = fromJavaScript(String(value));
  if ("pattern" in translated) return { attribute, op: "matches", values: [translated.pattern], as: "text" };
  told.refuse(path, PATTERN_FAULTS[translated.fault]);
  return NEVER;
}

/** As versions where the value is one, else as numbers. */
function compared(attribute: string, operator: string, value: unknown): Condition {
  const version = npmVersion(value);
  if (version !== undefined)
    return { attribute, op: VERSIONS[operator] as Operator, values: [version], as: "npm-version" };
  const number = Number(value);
  if (Number.isNaN(number)) return NEVER;
  return { attribute, op: NUMBERS[operator] as Operator, values: [number], as: "coerced-number" };
}
