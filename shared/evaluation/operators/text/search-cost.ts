import type { OperatorTest } from "../../model/search.ts";

/** What `contains` costs for each character and value, in steps; the engine has fast code for it. */
const VALUE_WEIGHT = 0.25;
/** What lower-casing costs for each character. */
const FOLD_WEIGHT = 0.5;
/** Characters that a text counts for beyond its own: the call. */
const CALL_CHARS = 16;

/** Whether a test takes time by the length of the text. Folding does; comparing a beginning or an end does not. */
export const isTextSearch = ({ op, ignoreCase }: OperatorTest): boolean => op === "contains" || ignoreCase === true;

/** Steps for each character of a text. */
export function textWeight({ op, values = [], ignoreCase }: OperatorTest): number {
  return (op === "contains" ? values.length * VALUE_WEIGHT : 0) + (ignoreCase ? FOLD_WEIGHT : 0);
}

/** What a test pays for one text, before it reads it. */
export function textSteps(test: OperatorTest, text: string): number {
  return (text.length + CALL_CHARS) * textWeight(test);
}
