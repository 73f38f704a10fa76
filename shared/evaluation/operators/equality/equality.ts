import type { ConditionValue } from "../../../schema/condition.ts";
import { isExact } from "../../attribute.ts";
import { EQUALS, ONE_OF, type ScalarTest } from "../../model/predicate.ts";
import { FALSE, UNKNOWN } from "../../model/truth.ts";
import type { TextList, ValueTest } from "../../model/value-test.ts";
import { byFunction, strings, truth } from "../by-function.ts";
import { meet } from "../sorted.ts";

export function equality(values: readonly ConditionValue[], fold: boolean): ScalarTest {
  const texts = strings(values);
  if (!fold && texts.length === values.length && texts[0] !== undefined)
    return texts.length === 1 ? { op: EQUALS, operand: texts[0] } : { op: ONE_OF, operand: textList(texts) };
  return byFunction(oneOf(values, fold));
}

function textList(texts: readonly string[]): TextList {
  return { texts: new Set(texts), initials: texts.reduce((bits, text) => bits | (1 << text.charCodeAt(0)), 0) };
}

function oneOf(values: readonly ConditionValue[], fold: boolean): ValueTest {
  const set = new Set<unknown>(fold ? values.map((v) => (typeof v === "string" ? v.toLowerCase() : v)) : values);
  const types = new Set<string>(values.map((value) => typeof value));
  const longest = Math.max(0, ...[...set].map((value) => (typeof value === "string" ? value.length : 0)));
  const test: ValueTest = (value) => {
    if (!types.has(typeof value) || (typeof value === "number" && !isExact(value))) return UNKNOWN;
    // Lower-casing shortens no text, so a longer one is in no list; it need not be read.
    if (typeof value === "string" && value.length > longest) return FALSE;
    return truth(set.has(fold && typeof value === "string" ? value.toLowerCase() : value));
  };
  test.elements = (elements) => {
    if (!meet(types, elements.kinds)) return UNKNOWN;
    return truth(meet(set, fold ? elements.folded : elements.scalars));
  };
  return test;
}

/** Looking a text up costs several times as much as its first letter, which settles most texts and short lists. */
export function isOneOf(text: string, { texts, initials }: TextList): boolean {
  return ((initials >>> text.charCodeAt(0)) & 1) === 1 && texts.has(text);
}
