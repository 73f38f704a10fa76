import type { AttributeTest, Operator } from "../../schema/condition.ts";
import type { AnyTest } from "../model/predicate.ts";
import type { OperatorTest } from "../model/search.ts";
import type { CompileTools } from "./compiler.ts";
import { COMPILERS } from "./compilers.ts";

/**
 * Compiles one attribute test, negation left out. It holds when any of the values satisfies it (Kleene's "or": a
 * value that means nothing to the operator, such as an invalid pattern, is unknown). An attribute of the wrong
 * type is unknown. `ignoreCase` compares toLowerCase of both sides (Unicode default mapping, no locale).
 *
 * The commonest operators get a code of their own, which costs neither a closure nor an indirect call.
 */
export const compileTest = (test: AttributeTest, tools: CompileTools): AnyTest =>
  COMPILERS[test.op].compile(test, tools);

/** What each character of a text costs the test; null when it takes no time by the length of the text. */
export const searchWeight = (test: OperatorTest): number | "patterns" | null =>
  COMPILERS[test.op as Operator].search?.(test) ?? null;

/** Whether `exact` changes what the operator compiles to. */
export const hasExactForm = (op: Operator): boolean => COMPILERS[op].hasExactForm === true;
