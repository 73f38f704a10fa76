import type { AnyTest } from "../model/predicate.ts";
import type { OperatorTest, Regex } from "../model/search.ts";

export interface CompileTools {
  /** A regular expression by its name; null for one beyond its limits. */
  readonly pattern: (name: string) => Regex | null;
  /**
   * Whether false must be told from unknown. Only `not` can tell; else what is quicker to refuse than to understand may
   * be called false.
   */
  readonly exact: boolean;
}

/** An operator as an edge loads it. */
export interface OperatorCompiler {
  /** Compiles a test, negation left out. It holds when any of the values satisfies it. */
  readonly compile: (test: OperatorTest, tools: CompileTools) => AnyTest;
  /**
   * Of a test that takes time by the length of the text: steps for each character, or `patterns` for what its regular
   * expressions cost. Null for any other test.
   */
  readonly search?: (test: OperatorTest) => number | "patterns" | null;
  /** It compiles to another test when `exact`. */
  readonly hasExactForm?: true;
}
