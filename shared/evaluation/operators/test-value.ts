import { ELEMENT_VALUES, MATCHED_ELEMENTS } from "../../limits.ts";
import type { Elements } from "../model/elements.ts";
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
  VALUE,
  VERSION,
} from "../model/predicate.ts";
import { FALSE, TRUE, type Truth, UNKNOWN } from "../model/truth.ts";
import { truth } from "./by-function.ts";
import { elementsOf } from "./elements.ts";
import { isOneOf } from "./equality/equality.ts";
import { ordered, someNumber } from "./number/order.ts";
import { outOfReach, someVersion, testVersion } from "./semver/version-order.ts";
import { meet } from "./sorted.ts";
import { endsWith, someEndsWith } from "./text/prefix-suffix.ts";

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
      if (!Array.isArray(value)) return test.operand(value);
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
  return testTogether(test, elementsOf(elements));
}

/** What testValue says of the elements one by one, since each says no more than whether it is what is looked for. */
function testTogether(test: ScalarTest, elements: Elements): Truth {
  switch (test.op) {
    case EQUALS:
      return ofTexts(elements, elements.texts.has(test.operand));
    case ONE_OF:
      return ofTexts(elements, meet(test.operand.texts, elements.texts));
    case ENDS_WITH:
      return ofTexts(elements, someEndsWith(elements, test.operand));
    case VERSION:
      return someVersion(elements, test.operand);
    case VALUE:
      return test.operand.elements?.(elements) ?? UNKNOWN;
    case GT:
    case GTE:
    case LT:
    case LTE:
      return elements.numbers === null ? UNKNOWN : truth(someNumber(test, elements.numbers));
    default:
      return UNKNOWN;
  }
}

/** Texts are all that the test has a meaning for. */
const ofTexts = (elements: Elements, holds: boolean): Truth => (elements.texts.size === 0 ? UNKNOWN : truth(holds));
