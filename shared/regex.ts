import { RE2JS } from "re2js";
import { LIMITS } from "./limits.ts";
import type { RegexEngine } from "./match.ts";

/**
 * Regular expressions in RE2's syntax and in time linear in the text, whatever the pattern: no backreferences, no
 * look-around that would need backtracking. Kept out of the evaluator's modules, since it is many times their size.
 */
export const re2: RegexEngine = (pattern, ignoreCase) => {
  if (pattern.length > LIMITS.regexChars) return null;
  try {
    const compiled = RE2JS.compile(pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
    return (text) => compiled.test(text);
  } catch {
    return null;
  }
};
