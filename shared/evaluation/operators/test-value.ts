import { ELEMENT_VALUES, MATCHED_ELEMENTS } from "../../limits.ts";
import {
  ENDS_WITH,
  EQUALS,
  EXISTS,
  GT,
  GTE,
  LT,
  LTE,
  ONE_OF,
  type ScalarTest,
  SEARCH,
  VALUE,
  VERSION,
} from "../model/predicate.ts";
import { FALSE, TRUE, type Truth, UNKNOWN } from "../model/truth.ts";
import { truth } from "./by-function.ts";
import { isOneOf } from "./list/equality.ts";
import { ordered } from "./number/order.ts";
import { outOfReach, testVersion } from "./semver/version-order.ts";
import { endsWith } from "./text/prefix-suffix.ts";

/** Tests an attribute's value, negation left out. What an operator has no meaning for is unknown. */
export function testValue(test: ScalarTest, value: unknown): Truth {
  switch (test.op) {
    case EQUALS:
      if (typeof value === "string") return value === test.operand ? TRUE : FALSE;
      break;
    case ONE_OF:
      if (typeof value === "string") return isOneOf(value, test.operand) ? TRUE : FALSE;
      break;
    case ENDS_WITH:
      if (typeof value === "string") return endsWith(value, test.operand) ? TRUE : FALSE;
      break;
    case VERSION:
      if (typeof value === "string") return outOfReach(value, test.operand) ? FALSE : testVersion(value, test.operand);
      break;
    case GT:
      if (typeof value === "number") return ordered(value, value > test.operand);
      break;
    case GTE:
      if (typeof value === "number") return ordered(value, value >= test.operand);
      break;
    case LT:
      if (typeof value === "number") return ordered(value, value < test.operand);
      break;
    case LTE:
      if (typeof value === "number") return ordered(value, value <= test.operand);
      break;
    case EXISTS:
      return truth(value !== undefined && value !== null);
    default:
      if (test.op === SEARCH || !Array.isArray(value)) return test.operand(value);
  }
  return Array.isArray(value) ? testElements(test, value) : UNKNOWN;
}

/**
 * An array attribute matches when any element does; elements of another type are skipped, an empty one is false, one
 * of too many elements is unknown.
 */
function testElements(test: ScalarTest, elements: readonly unknown[]): Truth {
  if (elements.length === 0) return FALSE;
  const tries = test.op === VALUE ? (test.operand.tries ?? 1) : 1;
  if (elements.length > MATCHED_ELEMENTS || elements.length * tries > ELEMENT_VALUES) return UNKNOWN;
  let result: Truth = UNKNOWN;
  for (const element of elements) {
    const one = Array.isArray(element) ? UNKNOWN : testValue(test, element);
    if (one === TRUE) return TRUE;
    if (one === FALSE) result = FALSE;
  }
  return result;
}
