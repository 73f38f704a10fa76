import type { Elements } from "../../model/elements.ts";
import { ENDS_WITH, type ScalarTest } from "../../model/predicate.ts";
import { FALSE, TRUE, UNKNOWN } from "../../model/truth.ts";
import type { ValueTest } from "../../model/value-test.ts";
import { byFunction, never, truth } from "../by-function.ts";
import { compareEnds, firstFrom } from "../sorted.ts";

export function edgeTest(atEnd: boolean, wanted: string[]): ScalarTest {
  if (atEnd && wanted.length === 1) return { op: ENDS_WITH, operand: wanted[0] as string };
  if (wanted.length === 0) return byFunction(never);
  const some = (elements: Elements) => wanted.some((part) => (atEnd ? someEndsWith : someStartsWith)(elements, part));
  const test: ValueTest = (value) => {
    if (typeof value !== "string") return UNKNOWN;
    for (const part of wanted) if (atEnd ? value.endsWith(part) : value.startsWith(part)) return TRUE;
    return FALSE;
  };
  test.elements = (elements) => (elements.texts.size === 0 ? UNKNOWN : truth(some(elements)));
  return byFunction(test, wanted.length);
}

/** In the order of beginnings, texts that begin alike stand together, the shortest first. */
function someStartsWith({ byBeginning }: Elements, prefix: string): boolean {
  return byBeginning[firstFrom(byBeginning, (text) => text < prefix)]?.startsWith(prefix) === true;
}

export function someEndsWith({ byEnd }: Elements, suffix: string): boolean {
  return byEnd[firstFrom(byEnd, (text) => compareEnds(text, suffix) < 0)]?.endsWith(suffix) === true;
}

/** Suffixes such as mail domains differ at their beginning more than at their end, so look there before calling. */
export function endsWith(text: string, suffix: string): boolean {
  const start = text.length - suffix.length;
  if (start < 0 || (suffix.length > 1 && text.charCodeAt(start + 1) !== suffix.charCodeAt(1))) return false;
  return text.endsWith(suffix);
}
