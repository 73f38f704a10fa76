import { isRegex } from "../evaluation/operators/regex/regex.ts";
import { LIMITS } from "../limits.ts";

/*
 * Regular expressions of JavaScript as RE2 writes them. Both agree on most; what is rewritten here is what they read
 * differently.
 */

const SPACES = "\\t-\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}";
const NO_LINE_END = "[^\\n\\r\\x{2028}\\x{2029}]";
/** Escapes that mean the same in both. */
const SAME = /[dDwWbBnrtfv]/;

/** Why a pattern cannot be kept. */
export type PatternFault = "invalid" | "look-around" | "back-reference" | "negated space in a class" | "too large";

export const PATTERN_FAULTS: Readonly<Record<PatternFault, string>> = {
  "too large": `a regular expression has at most ${LIMITS.regexChars} characters and what takes ${LIMITS.regexInstructions} instructions`,
  invalid: "this is no regular expression of JavaScript",
  "look-around": "a regular expression with look-around cannot be matched in linear time",
  "back-reference": "a regular expression with back-references cannot be matched in linear time",
  "negated space in a class": "\\S within a class of characters has no counterpart here",
};

export type TranslatedPattern = { readonly pattern: string } | { readonly fault: PatternFault };

/** @param source a pattern of JavaScript, without flags but `i` */
export function fromJavaScript(source: string): TranslatedPattern {
  try {
    new RegExp(source);
  } catch {
    return { fault: "invalid" };
  }
  const read = new PatternReader(source).read();
  return "pattern" in read && !isRegex(read.pattern, false) ? { fault: "too large" } : read;
}

class PatternReader {
  readonly #source: string;
  #at = 0;
  #out = "";
  #fault: PatternFault | null = null;

  constructor(source: string) {
    this.#source = source;
  }

  read(): TranslatedPattern {
    while (this.#at < this.#source.length && this.#fault === null) this.#one();
    return this.#fault === null ? { pattern: this.#out } : { fault: this.#fault };
  }

  #one(): void {
    const rest = this.#source.slice(this.#at);
    if (/^\(\?<?[=!]/.test(rest)) this.#fault = "look-around";
    else if (rest.startsWith("(?<")) this.#take(3, "(?P<");
    else if (rest.startsWith("[")) this.#class();
    else if (rest.startsWith(".")) this.#take(1, NO_LINE_END);
    else if (rest.startsWith("\\")) this.#escape(false);
    else this.#take(1, rest[0] as string);
  }

  #take(length: number, written: string): void {
    this.#at += length;
    this.#out += written;
  }

  #escape(inClass: boolean): void {
    const rest = this.#source.slice(this.#at + 1);
    const next = rest[0] ?? "\\";
    const code = /^(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))/.exec(rest);
    if (code) this.#take(1 + code[0].length, `\\x{${code[1] ?? code[2]}}`);
    else if (next === "s") this.#take(2, inClass ? SPACES : `[${SPACES}]`);
    else if (next === "S" && inClass) this.#fault = "negated space in a class";
    else if (next === "S") this.#take(2, `[^${SPACES}]`);
    else if (next === "b" && inClass) this.#take(2, "\\x08");
    else if (next === "v") this.#take(2, "\\x0b");
    else if (next === "0" && !/^0\d/.test(rest)) this.#take(2, "\\x00");
    else if (/[1-9]/.test(next) && !inClass) this.#fault = "back-reference";
    else if (next === "k" && /\(\?</.test(this.#source)) this.#fault = "back-reference";
    else if (SAME.test(next)) this.#take(2, `\\${next}`);
    // Anything else stands for itself, which RE2 grants to punctuation alone.
    else this.#take(2, /[A-Za-z0-9_]/.test(next) || next > "\x7f" ? next : `\\${next}`);
  }

  #class(): void {
    const isNegated = this.#source[this.#at + 1] === "^";
    this.#at += isNegated ? 2 : 1;
    if (this.#source[this.#at] === "]") {
      this.#take(1, isNegated ? "(?s:.)" : "[^\\x00-\\x{10ffff}]");
      return;
    }
    this.#out += isNegated ? "[^" : "[";
    while (this.#source[this.#at] !== "]" && this.#fault === null) {
      const next = this.#source[this.#at] as string;
      if (next === "\\") this.#escape(true);
      else this.#take(1, next === "[" ? "\\[" : next);
    }
    this.#take(1, "]");
  }
}
