import { OPERATOR_WORDS } from "../../../shared/evaluation/operators/operators.ts";
import type { BucketTest } from "../../../shared/schema/bucket.ts";
import type { AttributeTest, Condition, ConditionValue } from "../../../shared/schema/condition.ts";
import type { Serve } from "../../../shared/schema/flag.ts";
import { percent } from "./state-words.ts";

const valueWords = (value: ConditionValue): string => (typeof value === "string" ? `“${value}”` : `${value}`);

export function testWords({ attribute, op, values = [], negate, ignoreCase, as }: AttributeTest): string {
  const shown =
    values.length > 6 ? [...values.slice(0, 5).map(valueWords), `${values.length - 5} more`] : values.map(valueWords);
  const listed = shown.length > 2 ? `${shown.slice(0, -1).join(", ")} or ${shown.at(-1)}` : shown.join(" or ");
  const any = ignoreCase ? " (in any case)" : "";
  const read = as ? ` (read as ${as})` : "";
  return `${attribute}${read} ${OPERATOR_WORDS[op][negate ? 1 : 0]} ${listed}`.trim() + any;
}

/** Where someone stands by a vendor's algorithm. */
export function bucketWords({ by, algorithm, from, to }: BucketTest): string {
  return `${by} stands from ${from} to below ${to} by ${algorithm}`;
}

/** A span of time that the clock has to lie in. */
export const nowWords = ({ from, before }: { from?: string | undefined; before?: string | undefined }): string =>
  [from && `from ${from} on`, before && `before ${before}`].filter(Boolean).join(" and ") || "at any time";

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
  if ("unless" in condition) return `not, or not known: ${conditionWords(condition.unless, true)}`;
  if ("bucket" in condition) return bucketWords(condition.bucket);
  if ("now" in condition) return nowWords(condition.now);
  if ("some" in condition)
    return `some element of ${condition.some.attribute}: ${conditionWords(condition.some.when, true)}`;
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
