import type { BucketTest, Reading } from "../schema/bucket.ts";
import type { Condition } from "../schema/condition.ts";

/** Holds for everybody. */
export const ALWAYS: Condition = { all: [] };
/** Holds for nobody. */
export const NEVER: Condition = { any: [] };

const isAlways = (condition: Condition): boolean => "all" in condition && condition.all.length === 0;
const isNever = (condition: Condition): boolean => "any" in condition && condition.any.length === 0;

/** All of them, flat. */
export function all(conditions: readonly Condition[]): Condition {
  if (conditions.some(isNever)) return NEVER;
  const flat = conditions.flatMap((one) => ("all" in one ? one.all : [one]));
  return flat.length === 1 ? (flat[0] as Condition) : { all: flat };
}

/** Any of them, flat. */
export function any(conditions: readonly Condition[]): Condition {
  if (conditions.some(isAlways)) return ALWAYS;
  const flat = conditions.flatMap((one) => ("any" in one ? one.any : [one]));
  return flat.length === 1 ? (flat[0] as Condition) : { any: flat };
}

/** Holds where the other is not true, unknown included: what a vendor's "not" means that knows no third value. */
export function unless(condition: Condition): Condition {
  if (isAlways(condition)) return NEVER;
  if (isNever(condition)) return ALWAYS;
  return "unless" in condition ? condition.unless : { unless: condition };
}

export const exists = (attribute: string): Condition => ({ attribute, op: "exists" });

/** Holds without a targeting key: SDKs that ask for one answer the caller's default then. */
export const nobody: Condition = { unless: { attribute: "targetingKey", op: "text_gt", values: [""] } };

export const bucket = (test: BucketTest): Condition => ({ bucket: test });

/** The next number after it, for an end that the vendor includes. */
export function after(end: number): number {
  if (end === 0) return Number.MIN_VALUE;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, end);
  view.setBigInt64(0, view.getBigInt64(0) + (end > 0 ? 1n : -1n));
  return view.getFloat64(0);
}

/** A JSON Pointer for names that hold dots or slashes; nested names stay apart. */
export function pathOf(...steps: readonly string[]): string {
  const plain = steps.every((step) => step !== "" && !/[./~]/.test(step));
  return plain
    ? steps.join(".")
    : `/${steps.map((step) => step.replaceAll("~", "~0").replaceAll("/", "~1")).join("/")}`;
}

/** At most so many values stand in one test. */
const VALUES = 1_000;

/** Whether the attribute's text is one of these, whatever its type. */
export function textIn(attribute: string, texts: readonly string[]): Condition {
  const values = [...new Set(texts.flatMap(spellings))];
  const tests: Condition[] = [];
  for (let start = 0; start < values.length; start += VALUES)
    tests.push({ attribute, op: "in", values: values.slice(start, start + VALUES) });
  return any(tests);
}

/** All values whose text it is. */
function spellings(text: string): (string | number | boolean)[] {
  if (text === "true" || text === "false") return [text, text === "true"];
  const number = Number(text);
  return Number.isSafeInteger(number) || Math.abs(number) < Number.MAX_SAFE_INTEGER
    ? String(number) === text
      ? [text, number]
      : [text]
    : [text];
}

/** Whether JavaScript takes the attribute for true. */
export const truthy = (attribute: string): Condition => ({ attribute, op: "equals", values: [true], as: "truthy" });

/** Whether the number of the attribute's text is this one. */
export const numberIs = (attribute: string, number: number, as: Reading | null = "number"): Condition =>
  Number.isSafeInteger(number) || Math.abs(number) < Number.MAX_SAFE_INTEGER
    ? { attribute, op: "equals", values: [number], ...(as && { as }) }
    : { all: ["gte" as const, "lte" as const].map((op) => ({ attribute, op, values: [number], ...(as && { as }) })) };
