import type { AttributeTest } from "../../schema/condition.ts";
import { EXISTS, type ScalarTest } from "../model/predicate.ts";
import type { SearchPlan } from "../model/search.ts";
import { byFunction, strings } from "./by-function.ts";
import { cidrTest } from "./cidr/in-cidr.ts";
import { instantTest } from "./date/before-after.ts";
import { equality } from "./list/equality.ts";
import { numberTest } from "./number/order.ts";
import { searchTest } from "./regex/search.ts";
import { isSearch } from "./regex/search-plan.ts";
import { ACCEPTS, versionTest } from "./semver/version-order.ts";
import { edgeTest } from "./text/prefix-suffix.ts";

/**
 * Compiles one attribute test, negation left out. It holds when any of the values satisfies it (Kleene's "or": a
 * value that means nothing to the operator, such as an invalid pattern, is unknown). An attribute of the wrong
 * type is unknown. `ignoreCase` compares toLowerCase of both sides (Unicode default mapping, no locale).
 *
 * The commonest operators get a code of their own, which costs neither a closure nor an indirect call.
 *
 * @param searches what the snapshot may spend on searching; worked out if any test asks
 * @param exact whether false must be told from unknown. Only `not` can tell; else what is quicker to refuse than to
 * understand may be called false.
 */
export function compileTest(test: AttributeTest, searches: () => SearchPlan, exact: boolean): ScalarTest {
  if (isSearch(test)) return searchTest(test, searches());
  const values = test.values ?? [];
  const fold = test.ignoreCase === true;
  const { op } = test;
  switch (op) {
    case "equals":
    case "in":
      return equality(values, fold);
    case "starts_with":
    case "ends_with":
      return edgeTest(op, strings(values), values.length);
    case "gt":
    case "gte":
    case "lt":
    case "lte":
      return numberTest(op, values);
    case "before":
    case "after":
      return byFunction(instantTest(op, strings(values)));
    case "in_cidr":
      return byFunction(cidrTest(strings(values)), values.length);
    case "exists":
      return { op: EXISTS, operand: null };
    default:
      return versionTest(ACCEPTS[op as keyof typeof ACCEPTS], strings(values), exact || values.length > 1);
  }
}
