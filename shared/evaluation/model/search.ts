import type { Truth } from "./truth.ts";

/** An attribute test as its operator sees it. It names no operators, since they are made of such tests themselves. */
export interface OperatorTest {
  readonly op: string;
  readonly values?: readonly (string | number | boolean)[] | undefined;
  readonly ignoreCase?: boolean | undefined;
}

/** Steps that a search may still take; below zero: they ran out. */
export interface Steps {
  left: number;
}

/** A regular expression that is compiled when it is first asked. */
export interface Regex {
  /** At least as many instructions as it has: what compiling costs, and for each character at most the search. */
  readonly cost: number;
  /**
   * Whether the text holds a match; takes its steps off. Unknown when they run out, and for what is no pattern. The
   * steps that a text takes are the same every time.
   */
  search(text: string, steps: Steps): Truth;
}

/** Null for a pattern beyond its limits, which is never compiled. */
export type RegexEngine = (pattern: string, ignoreCase: boolean) => Regex | null;

/** What a part of a snapshot searches for. */
export interface Searches {
  /** Equal tests, by name, count once. */
  readonly tests: ReadonlyMap<string, OperatorTest>;
  /** By name; null for a pattern beyond its limits. */
  readonly patterns: ReadonlyMap<string, Regex | null>;
}

/** What one evaluation of a snapshot may spend on searching. It stands beside the tests, since any change may change it. */
export interface SearchBudget {
  /** A number of its own, by which tests tell it from others. */
  readonly id: number;
  /** Steps that a test has for one subject, for each of its weight. */
  readonly share: number;
  /** Names of the patterns that may run; null: all. */
  readonly kept: ReadonlySet<string> | null;
  /** Distinct patterns that are never run, since they are too large or too many. */
  readonly left: number;
}

/** Tests the value of an attribute, arrays included. Never BLOCKED. */
export type SearchTest = (value: unknown, budget: SearchBudget, now: number) => Truth;

/** The same for the slow interpreter. */
export interface SearchPlan {
  /** The patterns of a test in their order; null: not run, so what it says is unknown. */
  regexes(test: OperatorTest): readonly (Regex | null)[];
  /** Steps that a test may take for one subject, all elements of an array together. */
  steps(test: OperatorTest): number;
  /** Distinct patterns that are never run, since they are too large or too many. */
  readonly left: number;
}
