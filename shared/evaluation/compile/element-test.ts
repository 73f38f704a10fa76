import { MATCHED_ELEMENTS } from "../../limits.ts";
import type { AttributeTest, Condition } from "../../schema/condition.ts";
import { readAttribute } from "../attribute.ts";
import { elementContext } from "../element.ts";
import type { AttributePath } from "../model/attribute-path.ts";
import { type AnyTest, SEARCH } from "../model/predicate.ts";
import type { SearchBudget, SearchTest } from "../model/search.ts";
import { FALSE, TRUE, type Truth, UNKNOWN } from "../model/truth.ts";
import { testValue } from "../operators/test-value.ts";

/** How attribute tests are compiled, beneath a `not` or elsewhere. */
export interface ElementCompiler {
  path(attribute: string): AttributePath;
  test(test: AttributeTest, exact: boolean): AnyTest;
}

type ElementTest = (context: object, budget: SearchBudget, now: number) => Truth;

/** Whether some element of a list meets a condition. What is no list is unknown, and so is too long a one. */
export function someElement(when: Condition, compiler: ElementCompiler, exact: boolean): SearchTest {
  const meets = elementTest(when, compiler, exact);
  return (value, budget, now) => {
    if (!Array.isArray(value) || value.length > MATCHED_ELEMENTS) return UNKNOWN;
    const part = partOf(budget, value.length);
    let result: Truth = FALSE;
    for (const element of value) {
      const truth = meets(elementContext(element), part, now);
      if (truth === TRUE) return TRUE;
      if (truth === UNKNOWN) result = UNKNOWN;
    }
    return result;
  };
}

/** All elements together may search as much as one attribute. Whole numbers are the ids of other budgets. */
const partOf = (budget: SearchBudget, count: number): SearchBudget =>
  count < 2 ? budget : { ...budget, id: budget.id + count / (MATCHED_ELEMENTS + 1), share: budget.share / count };

/** Segments, flags and buckets are not of an element: saving refuses them here. */
function elementTest(condition: Condition, compiler: ElementCompiler, exact: boolean): ElementTest {
  const of = (one: Condition, isExact = exact) => elementTest(one, compiler, isExact);
  if ("all" in condition) return conjunction(condition.all.map((one) => of(one)));
  if ("any" in condition) return disjunction(condition.any.map((one) => of(one)));
  if ("not" in condition) {
    const inner = of(condition.not, true);
    return (context, budget, now) => negated(inner(context, budget, now));
  }
  if ("unless" in condition) {
    const inner = of(condition.unless);
    return (context, budget, now) => (inner(context, budget, now) === TRUE ? FALSE : TRUE);
  }
  if ("some" in condition) {
    const path = compiler.path(condition.some.attribute);
    const inner = someElement(condition.some.when, compiler, exact);
    return (context, budget, now) => inner(readAttribute(context, path), budget, now);
  }
  return "attribute" in condition ? attributeTest(condition, compiler, exact) : () => UNKNOWN;
}

function attributeTest(condition: AttributeTest, compiler: ElementCompiler, exact: boolean): ElementTest {
  const path = compiler.path(condition.attribute);
  const test = compiler.test(condition, exact || condition.negate === true);
  const holds: ElementTest = (context, budget, now) => {
    const value = readAttribute(context, path);
    return test.op === SEARCH ? test.operand(value, budget, now) : testValue(test, value);
  };
  return condition.negate ? (context, budget, now) => negated(holds(context, budget, now)) : holds;
}

const conjunction =
  (tests: readonly ElementTest[]): ElementTest =>
  (context, budget, now) => {
    let result: Truth = TRUE;
    for (const test of tests) {
      const truth = test(context, budget, now);
      if (truth === FALSE) return FALSE;
      if (truth === UNKNOWN) result = UNKNOWN;
    }
    return result;
  };

const disjunction =
  (tests: readonly ElementTest[]): ElementTest =>
  (context, budget, now) => {
    let result: Truth = FALSE;
    for (const test of tests) {
      const truth = test(context, budget, now);
      if (truth === TRUE) return TRUE;
      if (truth === UNKNOWN) result = UNKNOWN;
    }
    return result;
  };

const negated = (truth: Truth): Truth => (truth === TRUE ? FALSE : truth === FALSE ? TRUE : truth);
