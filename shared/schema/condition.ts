import { z } from "zod";
import { LIMITS } from "../limits.ts";
import { key } from "./primitives.ts";

export const TEXT_OPERATORS = ["equals", "in", "contains", "starts_with", "ends_with", "matches"] as const;
export const NUMBER_OPERATORS = ["gt", "gte", "lt", "lte"] as const;
export const DATE_OPERATORS = ["before", "after"] as const;
export const SEMVER_OPERATORS = ["semver_eq", "semver_gt", "semver_gte", "semver_lt", "semver_lte"] as const;
export const OPERATORS = [
  ...TEXT_OPERATORS,
  ...NUMBER_OPERATORS,
  ...DATE_OPERATORS,
  ...SEMVER_OPERATORS,
  "in_cidr",
  "exists",
] as const;
export const operator = z.enum(OPERATORS);
export type Operator = z.infer<typeof operator>;

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
});
export type AttributeTest = z.infer<typeof attributeTest>;

export type Condition =
  | AttributeTest
  | { all: Condition[] }
  | { any: Condition[] }
  | { not: Condition }
  | { segment: string }
  | { flag: string; variants: string[] };

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
        z.strictObject({ segment: key }),
        flagTest,
      ],
      {
        error:
          'a condition is one of {"all": […]}, {"any": […]}, {"not": …}, {"attribute", "op", "values"}, {"segment"}, {"flag", "variants"}',
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
        `"not" around the flag "${c.flag}": a killed prerequisite would switch this on; name the variants that should match instead`,
      );
    }
    if ("attribute" in c) problems.push(...attributeTestProblems(c));
  });
  if (count > LIMITS.conditionsPerRule)
    problems.push(`at most ${LIMITS.conditionsPerRule} conditions in one rule, here ${count}`);
  return problems;
}

const TEXTUAL: ReadonlySet<Operator> = new Set<Operator>([
  "contains",
  "starts_with",
  "ends_with",
  "matches",
  "in_cidr",
  ...SEMVER_OPERATORS,
]);
const NUMERIC: ReadonlySet<Operator> = new Set<Operator>(NUMBER_OPERATORS);
const DATED: ReadonlySet<Operator> = new Set<Operator>(DATE_OPERATORS);
const CASED: ReadonlySet<Operator> = new Set<Operator>(TEXT_OPERATORS);

function attributeTestProblems(test: AttributeTest): string[] {
  const where = `condition on "${test.attribute}"`;
  const values = test.values ?? [];
  if (test.op === "exists") return values.length > 0 ? [`${where}: "exists" takes no values`] : [];
  if (values.length === 0) return [`${where}: "${test.op}" needs at least one value`];
  const problems: string[] = [];
  if (test.ignoreCase && !CASED.has(test.op)) problems.push(`${where}: "ignoreCase" does not apply to "${test.op}"`);
  for (const value of values) {
    const shown = JSON.stringify(value);
    if (TEXTUAL.has(test.op) && typeof value !== "string")
      problems.push(`${where}: "${test.op}" takes strings, not ${shown}`);
    else if (NUMERIC.has(test.op) && typeof value !== "number")
      problems.push(`${where}: "${test.op}" takes numbers, not ${shown}`);
    else if (DATED.has(test.op) && (typeof value !== "string" || Number.isNaN(Date.parse(value)))) {
      problems.push(`${where}: "${test.op}" takes ISO 8601 instants, not ${shown}`);
    }
  }
  return problems;
}

export const condition = nested.superRefine((value, context) => {
  for (const message of conditionProblems(value)) context.addIssue({ code: "custom", message });
});
