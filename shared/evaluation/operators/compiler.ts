import type { ScalarTest } from "../model/predicate.ts";
import type { OperatorTest, SearchPlan } from "../model/search.ts";

export interface CompileTools {
  /** What the snapshot may spend on searching; worked out if any test asks. */
  readonly searches: () => SearchPlan;
  /**
   * Whether false must be told from unknown. Only `not` can tell; else what is quicker to refuse than to understand may
   * be called false.
   */
  readonly exact: boolean;
}

/** An operator as an edge loads it. */
export interface OperatorCompiler {
  /** Compiles a test, negation left out. It holds when any of the values satisfies it. */
  readonly compile: (test: OperatorTest, tools: CompileTools) => ScalarTest;
  /**
   * Of a test that takes time by the length of the text: steps for each character, or `patterns` for what its regular
   * expressions cost. Null for any other test.
   */
  readonly search?: (test: OperatorTest) => number | "patterns" | null;
  /** It compiles to another test when `exact`. */
  readonly hasExactForm?: true;
}
