/*
 * The shape of a family of operators: a folder with schema.ts, compile.ts, reference.ts, words.ts, samples.ts and
 * cases.json. families.ts and compilers.ts list the folders; an edge loads compilers.ts alone.
 */
import type { OperatorTest, SearchPlan, Steps } from "../model/search.ts";
import type { TruthName } from "../model/truth.ts";

export type Value = string | number | boolean;

/** What a test of an attribute may hold, and what the editor offers for it. */
export interface OperatorSchema {
  /** The type of its values; `anything` is a text, a number or a boolean. */
  readonly takes: "anything" | "text" | "number" | "instant" | "nothing";
  /** `ignoreCase` applies to it. */
  readonly cased?: true;
  /** Attribute values beside one of the test's values, for a made-up crowd. Without it they follow from `takes`. */
  readonly near?: (value: Value) => readonly unknown[];
  /** Why no attribute can satisfy a value: the evaluator's own parser reads nothing in it. Null for any other value. */
  readonly fault?: (value: Value) => ValueFault | null;
}

/** What is wrong with a value of a test, after the value itself as the subject, and what to write instead. */
export interface ValueFault {
  readonly reason: string;
  readonly corrected?: string | undefined;
}

/** How an operator reads between an attribute and its values. */
export type OperatorWords = readonly [plain: string, negated: string];

/** The slow and obvious interpreter's part. The property tests compare it with the compiled test. */
export interface Reference {
  /** What one element of the attribute makes of the test, negation left out. */
  readonly holds: (test: OperatorTest, element: unknown) => TruthName;
  /** Its values are tried one by one, so an array may have fewer elements. */
  readonly triesEach?: (test: OperatorTest) => boolean;
  /** The same for one text of a test that takes time by the length of the text. */
  readonly search?: (test: OperatorTest, text: string, steps: Steps, plan: SearchPlan) => SearchResult;
  /** Takes the whole attribute, arrays and absence too, instead of its elements. */
  readonly whole?: (attribute: unknown) => TruthName;
}

export interface SearchResult {
  readonly holds: TruthName;
  readonly limited?: "pattern too large" | "text too long";
}

/** Values for the property tests. @internal */
export interface Samples<Operator extends string> {
  /** Attributes that the family's operators are tried on, each with values that mean something to them. */
  readonly attributes: Readonly<Record<string, readonly unknown[]>>;
  /** Values of a test, by operator; null for one that takes none. */
  readonly values: Readonly<Record<Operator, readonly Value[] | null>>;
}

/**
 * Tries each value of a test: true if one is satisfied; else unknown if one could not be told; else false.
 *
 * @param satisfies undefined when it cannot be told
 */
export const eachValue =
  (satisfies: (element: unknown, value: Value) => boolean | undefined): Reference["holds"] =>
  ({ values = [] }, element) => {
    const results = values.map((value) => satisfies(element, value));
    if (results.includes(true)) return "true";
    return results.length === 0 || results.includes(undefined) ? "unknown" : "false";
  };

/** `eachValue` for operators that compare texts. */
export const eachText = (satisfies: (text: string, value: string) => boolean | undefined): Reference["holds"] =>
  eachValue((element, value) =>
    typeof element === "string" && typeof value === "string" ? satisfies(element, value) : undefined,
  );
