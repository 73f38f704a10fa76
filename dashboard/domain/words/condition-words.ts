import type { AttributeTest, Condition, ConditionValue, Operator } from "../../../shared/schema/condition.ts";
import type { Serve } from "../../../shared/schema/flag.ts";
import { percent } from "./state-words.ts";

/** Each operator as it reads between an attribute and its values, plain and negated. */
export const OPERATOR_WORDS: Record<Operator, [plain: string, negated: string]> = {
  equals: ["is", "is not"],
  in: ["is one of", "is none of"],
  contains: ["contains", "does not contain"],
  starts_with: ["starts with", "does not start with"],
  ends_with: ["ends with", "does not end with"],
  matches: ["matches the pattern", "does not match the pattern"],
  gt: ["is more than", "is not more than"],
  gte: ["is at least", "is not at least"],
  lt: ["is less than", "is not less than"],
  lte: ["is at most", "is not at most"],
  before: ["is before", "is not before"],
  after: ["is after", "is not after"],
  semver_eq: ["is version", "is not version"],
  semver_gt: ["is newer than version", "is not newer than version"],
  semver_gte: ["is at least version", "is older than version"],
  semver_lt: ["is older than version", "is at least version"],
  semver_lte: ["is at most version", "is newer than version"],
  in_cidr: ["is in the network", "is not in the network"],
  exists: ["is known", "is not known"],
};

const valueWords = (value: ConditionValue): string => (typeof value === "string" ? `“${value}”` : `${value}`);

export function testWords({ attribute, op, values = [], negate, ignoreCase }: AttributeTest): string {
  const shown =
    values.length > 6 ? [...values.slice(0, 5).map(valueWords), `${values.length - 5} more`] : values.map(valueWords);
  const listed = shown.length > 2 ? `${shown.slice(0, -1).join(", ")} or ${shown.at(-1)}` : shown.join(" or ");
  const any = ignoreCase ? " (in any case)" : "";
  return `${attribute} ${OPERATOR_WORDS[op][negate ? 1 : 0]} ${listed}`.trim() + any;
}

/** A condition as part of a sentence. */
export function conditionWords(condition: Condition, inside = false): string {
  const group = (parts: Condition[], word: string, nothing: string): string => {
    if (parts.length === 0) return nothing;
    const text = parts.map((part) => conditionWords(part, parts.length > 1)).join(` ${word} `);
    return inside && parts.length > 1 ? `(${text})` : text;
  };
  if ("all" in condition) return group(condition.all, "and", "everybody");
  if ("any" in condition) return group(condition.any, "or", "nobody");
  if ("not" in condition) return `not ${conditionWords(condition.not, true)}`;
  if ("segment" in condition) return `they are in the segment ${condition.segment}`;
  if ("flag" in condition) return `${condition.flag} serves ${condition.variants.join(" or ")}`;
  return testWords(condition);
}

export function serveWords(serve: Serve): string {
  if (!("split" in serve)) return serve.variant ?? "no value";
  const parts = serve.split
    .filter(({ weight }) => weight > 0)
    .map((part) => `${part.variant} ${percent(part.weight / 1_000)}`);
  return parts.join(", ") + (serve.by === "targetingKey" ? "" : ` by ${serve.by}`);
}

export const isForEverybody = (condition: Condition): boolean => "all" in condition && condition.all.length === 0;
