import { z } from "zod";
import type { OperatorSchema, ValueFault } from "../evaluation/operators/family.ts";
import { OPERATOR_SCHEMAS, OPERATORS, type Operator } from "../evaluation/operators/operators.ts";
import { LIMITS } from "../limits.ts";
import { type BucketTest, bucketTest, reading } from "./bucket.ts";
import { instant, key } from "./primitives.ts";

export type { Operator };
export const operator = z.enum(OPERATORS);

/**
 * An attribute's place in the context: `plan`, `address.city` (nested, split at dots), or, for names that hold
 * dots, a JSON Pointer such as `/odd.name`.
 */
const attributePath = z.string().min(1).max(200);
const conditionValue = z.union([z.string().max(LIMITS.conditionValueChars), z.number(), z.boolean()]);
export type ConditionValue = z.infer<typeof conditionValue>;

/**
 * One test of one attribute. It holds when any of `values` satisfies the operator; `exists` takes none. `negate`
 * turns true into false and back but leaves unknown unknown.
 */
const attributeTest = z.strictObject({
  attribute: attributePath,
  op: operator,
  values: z.array(conditionValue).max(LIMITS.valuesPerCondition).optional(),
  negate: z.boolean().optional(),
  ignoreCase: z.boolean().optional(),
  /** How the attribute is converted first; left out: not at all, so a value of another type is unknown. */
  as: reading.optional(),
});
export type AttributeTest = z.infer<typeof attributeTest>;

export type Condition =
  | AttributeTest
  | { all: Condition[] }
  | { any: Condition[] }
  | { not: Condition }
  | { unless: Condition }
  | { bucket: BucketTest }
  | { now: { from?: string | undefined; before?: string | undefined } }
  | { some: SomeTest }
  | { segment: string }
  | { flag: string; variants: string[] };

/**
 * Holds when some element of a list meets the condition, which reads its attributes from the element. The path `/` is the
 * element itself.
 */
export type SomeTest = {
  attribute: string;
  when: Condition;
};

const flagTest = z.strictObject({ flag: key, variants: z.array(key).min(1).max(LIMITS.variantsPerFlag) });
export type FlagTest = z.infer<typeof flagTest>;

const nested: z.ZodType<Condition> = z
  .lazy(() =>
    z.union(
      [
        attributeTest,
        z.strictObject({ all: z.array(nested).max(LIMITS.conditionsPerRule) }),
        z.strictObject({ any: z.array(nested).max(LIMITS.conditionsPerRule) }),
        z.strictObject({ not: nested }),
        // Not true: also where it is unknown, as vendors negate that know no third value.
        z.strictObject({ unless: nested }),
        z.strictObject({ bucket: bucketTest }),
        // The clock of the edge lies in [from, before).
        z.strictObject({ now: z.strictObject({ from: instant.optional(), before: instant.optional() }) }),
        z.strictObject({ some: z.strictObject({ attribute: attributePath, when: nested }) }),
        z.strictObject({ segment: key }),
        flagTest,
      ],
      {
        error:
          'a condition is one of {"all": […]}, {"any": […]}, {"not": …}, {"unless": …}, {"attribute", "op", "values"}, {"bucket"}, {"now"}, {"some"}, {"segment"}, {"flag", "variants"}',
      },
    ),
  )
  .meta({ id: "Condition" });

/** Walks a condition and everything in it; `insideNot` says whether a `not` stands above. */
export function walkCondition(
  condition: Condition,
  visit: (c: Condition, depth: number, insideNot: boolean) => void,
): void {
  const go = (c: Condition, depth: number, insideNot: boolean): void => {
    visit(c, depth, insideNot);
    if ("all" in c) for (const child of c.all) go(child, depth + 1, insideNot);
    else if ("any" in c) for (const child of c.any) go(child, depth + 1, insideNot);
    else if ("not" in c) go(c.not, depth + 1, true);
    else if ("unless" in c) go(c.unless, depth + 1, true);
    else if ("some" in c) go(c.some.when, depth + 1, insideNot);
  };
  go(condition, 1, false);
}

/** What is wrong with a well-formed condition, in words that name the fix; empty when nothing is. */
export function conditionProblems(condition: Condition): string[] {
  const problems: string[] = [];
  let count = 0;
  walkCondition(condition, (c, depth, insideNot) => {
    count++;
    if (depth === LIMITS.conditionDepth + 1) problems.push(`conditions nest at most ${LIMITS.conditionDepth} deep`);
    if ("flag" in c && insideNot) {
      problems.push(
        `"not" or "unless" around the flag "${c.flag}": a killed prerequisite would switch this on; name the variants that should match instead`,
      );
    }
    if ("attribute" in c) problems.push(...attributeTestProblems(c));
    if ("some" in c) problems.push(...elementProblems(c.some));
    if ("bucket" in c && !(c.bucket.from < c.bucket.to))
      problems.push(`bucket by "${c.bucket.by}": "from" must be below "to"`);
  });
  if (count > LIMITS.conditionsPerRule)
    problems.push(`at most ${LIMITS.conditionsPerRule} conditions in one rule, here ${count}`);
  return problems;
}

/** What cannot be asked of an element. */
function elementProblems({ attribute, when }: SomeTest): string[] {
  const problems: string[] = [];
  walkCondition(when, (c) => {
    if ("flag" in c || "segment" in c || "bucket" in c)
      problems.push(`condition on some element of "${attribute}": an element has attributes only; move the rest out`);
  });
  return problems;
}

/** By what an operator takes: whether a value is of that kind, and what to call such values. */
const VALUE_KINDS: Record<OperatorSchema["takes"], [accepts: (value: ConditionValue) => boolean, name: string]> = {
  anything: [() => true, "anything"],
  text: [(value) => typeof value === "string", "strings"],
  number: [(value) => typeof value === "number", "numbers"],
  instant: [(value) => typeof value === "string" && !Number.isNaN(Date.parse(value)), "ISO 8601 instants"],
  nothing: [() => false, "no values"],
};

/** A fault of a value in a sentence that names the fix. */
export function faultWords(value: ConditionValue, { reason, corrected }: ValueFault): string {
  const text = JSON.stringify(typeof value === "string" && value.length > 80 ? `${value.slice(0, 80)}…` : value);
  return `${text} ${reason}${corrected === undefined ? "" : `; write ${JSON.stringify(corrected)}`}`;
}

/** What is wrong with one test of an attribute; empty when nothing is. */
export function attributeTestProblems({ attribute, op, values = [], ignoreCase }: AttributeTest): string[] {
  const where = `condition on "${attribute}"`;
  const { takes, cased, fault } = OPERATOR_SCHEMAS[op];
  if (takes === "nothing") return values.length > 0 ? [`${where}: "${op}" takes no values`] : [];
  if (values.length === 0) return [`${where}: "${op}" needs at least one value`];
  const problems = ignoreCase && !cased ? [`${where}: "ignoreCase" does not apply to "${op}"`] : [];
  const [accepts, name] = VALUE_KINDS[takes];
  for (const value of values)
    if (!accepts(value)) {
      const wrong = fault?.(value);
      const words = wrong ? `: ${faultWords(value, wrong)}` : "";
      problems.push(`${where}: "${op}" takes ${name}, not ${JSON.stringify(value)}${words}`);
    }
  return problems;
}

export const condition = nested.superRefine((value, context) => {
  for (const message of conditionProblems(value)) context.addIssue({ code: "custom", message });
});
