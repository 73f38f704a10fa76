import fc from "fast-check";
import { expect, test } from "vitest";
import { LIMITS, MATCHED_TEXT_CHARS } from "./limits.ts";
import { re2 } from "./regex.ts";

/** Each would keep a backtracking engine busy for longer than the universe has lasted. */
const EVIL: [pattern: string, matches: boolean][] = [
  ["(a+)+$", false],
  ["^(a+)+$", false],
  ["(a|aa)+$", false],
  ["^(a|a?)+$", false],
  ["^(([a-z])+.)+[A-Z]([a-z])+$", false],
  ["^(.*a){20}b", false],
  ["(x+x+)+y", false],
  ["^(a*)*(a*)*(a*)*c", false],
  ["[\\s\\S]*?[\\s\\S]*?[\\s\\S]*?x", false],
  [".*.*.*.*=.*", false],
  ["^(((((((((a*)*)*)*)*)*)*)*)*)*$", false],
  ["(a?){100}a{100}", true],
  ["(?:a?){200}b", false],
  ["(([ab]{0,9}){0,9}){0,9}c", false],
  ["^(?:a|a|a|a|a|a|a|a)*$", false],
  ["^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}$", false],
];

test.each(EVIL)("runs to completion on the longest text it may see: %s", (pattern, matches) => {
  const run = re2(pattern, false);
  expect(run?.(`${"a".repeat(MATCHED_TEXT_CHARS - 1)}!`)).toBe(matches);
});

test.each([
  "(a{1000}){1000}",
  "a{1001}",
  "((a{100}){100}){10}",
  "(a)\\1",
  "(?=a)b",
  "(?<!a)b",
  "(?>a)",
  "(",
  "[",
  "a".repeat(LIMITS.regexChars + 1),
])("refuses what would need backtracking, too much memory, or is no pattern: %s", (pattern) => {
  expect(re2(pattern, false)).toBeNull();
});

test("agrees with the platform's engine on patterns that both read alike", () => {
  const atom = fc.constantFrom("a", "b", ".", "[ab]", "[^a]", "(?:a|bc)", "\\.", "^", "$");
  const piece = fc.tuple(atom, fc.constantFrom("", "", "?", "*", "+", "{2}")).map(([one, times]) => {
    return one === "^" || one === "$" ? one : one + times;
  });
  const pattern = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(""));
  const text = fc.string({ unit: fc.constantFrom("a", "b", "c", ".", "A"), maxLength: 12 });
  fc.assert(
    fc.property(pattern, text, fc.boolean(), (source, given, ignoreCase) => {
      expect(re2(source, ignoreCase)?.(given)).toBe(new RegExp(source, ignoreCase ? "iu" : "u").test(given));
    }),
    { numRuns: 1_000 },
  );
});
