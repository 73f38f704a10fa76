import { RE2JS } from "re2js";
import { LIMITS } from "../../../limits.ts";
import type { Regex, RegexEngine, Steps } from "../../model/search.ts";
import { type Truth, UNKNOWN } from "../../model/truth.ts";
import { regexCost } from "./cost.ts";
import { type Instruction, RegexMachine } from "./machine.ts";
import { patternName } from "./search-plan.ts";

/**
 * Instructions of all compiled patterns that are kept for the snapshots to come, some 10 bytes each. Five environments
 * at their limit; most have a hundredth.
 */
const KEPT_INSTRUCTIONS = 500_000;

/**
 * Stands before each pattern and matches nothing, so it changes no answer. Without it RE2JS looks whether a pattern
 * that begins with `^` can be run in one pass, which takes up to a hundred times as long as compiling it.
 */
const NOTHING = "\\z.|";

/** Compiled when first asked, or never. */
class LazyRegex implements Regex {
  readonly cost: number;
  readonly #pattern: string;
  readonly #ignoreCase: boolean;
  /** Undefined: not yet compiled; null: no pattern. */
  #machine: RegexMachine | null | undefined = undefined;

  constructor(pattern: string, ignoreCase: boolean, cost: number) {
    this.#pattern = pattern;
    this.#ignoreCase = ignoreCase;
    this.cost = cost;
  }

  get valid(): boolean {
    return this.#compiled() !== null;
  }

  search(text: string, steps: Steps): Truth {
    return this.#compiled()?.search(text, steps) ?? UNKNOWN;
  }

  #compiled(): RegexMachine | null {
    if (this.#machine === undefined) {
      this.#machine = compiled(this.#pattern, this.#ignoreCase);
      regexUse.compiled++;
    }
    return this.#machine;
  }
}

/** What this isolate has compiled and keeps, for tests and benchmarks. */
export const regexUse = { compiled: 0, kept: 0 };

/** By name, the least recently asked first: a new snapshot has most of its patterns from the one before. */
const known = new Map<string, LazyRegex>();

/**
 * Regular expressions in RE2's syntax and in time linear in the text, whatever the pattern: no backreferences, no
 * look-around that would need backtracking. Kept out of the evaluator's modules, since it is many times their size.
 */
export const re2: RegexEngine = lazyRegex;

function lazyRegex(pattern: string, ignoreCase: boolean): LazyRegex | null {
  const name = patternName(pattern, ignoreCase);
  const before = known.get(name);
  if (before) {
    known.delete(name);
    known.set(name, before);
    return before;
  }
  if (pattern.length > LIMITS.regexChars) return null;
  const cost = regexCost(pattern, ignoreCase);
  if (cost > LIMITS.regexInstructions) return null;
  const regex = new LazyRegex(pattern, ignoreCase, cost);
  known.set(name, regex);
  regexUse.kept += cost;
  for (const [oldest, { cost: freed }] of known) {
    if (regexUse.kept <= KEPT_INSTRUCTIONS) break;
    known.delete(oldest);
    regexUse.kept -= freed;
  }
  return regex;
}

/** Whether a pattern within its limits is one of RE2's. Compiles it. */
export const isRegex = (pattern: string, ignoreCase: boolean): boolean =>
  lazyRegex(pattern, ignoreCase)?.valid ?? false;

function compiled(pattern: string, ignoreCase: boolean): RegexMachine | null {
  try {
    const regex = RE2JS.compile(NOTHING + pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
    const { inst, start } = regex.re2().prog as { inst: Instruction[]; start: number };
    return new RegexMachine(inst, start);
  } catch {
    return null;
  }
}
