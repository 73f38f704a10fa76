import fc from "fast-check";
import { RE2JS } from "re2js";
import { describe, expect, test, vi } from "vitest";
import { LIMITS, MATCHED_TEXT_CHARS, SEARCH_STEPS } from "../../../limits.ts";
import { FALSE, TRUE, UNKNOWN } from "../../model/truth.ts";
import { regexCost } from "./cost.ts";
import { isRegex, re2, regexUse } from "./regex.ts";

// Tens of thousands of patterns on a busy machine: slow is not wrong.
vi.setConfig({ testTimeout: 60_000 });

const PLENTY = 1e9;
const RUNS = 3_000;
const matches = (pattern: string, text: string, ignoreCase = false) =>
  re2(pattern, ignoreCase)?.search(text, { left: PLENTY }) ?? null;
const instructions = (pattern: string, ignoreCase = false) =>
  RE2JS.compile(`\\z.|${pattern}`, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0).programSize();

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
  ["(([ab]{0,8}){0,5}){0,4}c", false],
  ["^(?:a|a|a|a|a|a|a|a)*$", false],
  ["^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}$", false],
];

test.each(EVIL)("runs to completion on the longest text it may see: %s", (pattern, found) => {
  expect(matches(pattern, `${"a".repeat(MATCHED_TEXT_CHARS - 1)}!`)).toBe(found ? TRUE : FALSE);
});

test.each(["(a)\\1", "(?=a)b", "(?<!a)b", "(?>a)", "(", "[", ")", "?", "*a", "a**", "\\", "a|*"])(
  "is no pattern, or would need backtracking: %s",
  (pattern) => {
    expect(isRegex(pattern, false)).toBe(false);
    expect(matches(pattern, "a")).toBe(UNKNOWN);
  },
);

/** Patterns that are quickly written and slowly compiled. */
const LARGE: [pattern: string, ignoreCase: boolean][] = [
  ["(?:(?:.?){1,30}){1,30}A0-0", false],
  ["(a{100}){10}", false],
  ["((a{10}){10}){10}", false],
  ["(?:(?:(?:x{1,9}){1,9}){1,9}){1,1}", false],
  ["((((((((((a|b)?c|d)?e|f)?g|h)?i|j)?k){1,9}){1,9}){1,9}))", false],
  ["\\Q[\\E(?:.?){1,600}", false],
  ["[[:alpha:]](?:[]a]?){1,600}", false],
  ["[\\]](?:.?){1,600}", false],
  ["(?i)[B-\\x{1e942}]", false],
  ["[B-\\x{1e942}]", true],
  ["[\\x{5A}-\u{1e941}]", true],
  [`[${"\\pL".repeat(80)}]`, false],
  ["\\p{Lu}".repeat(40), true],
];

test.each(LARGE)("is never compiled: %s", (pattern, ignoreCase) => {
  const { compiled } = regexUse;
  expect(regexCost(pattern, ignoreCase)).toBeGreaterThan(LIMITS.regexInstructions);
  expect(re2(pattern, ignoreCase)).toBeNull();
  expect(re2("a".repeat(LIMITS.regexChars + 1), false)).toBeNull();
  expect(regexUse.compiled).toBe(compiled);
});

/** What people write. Ten flags full of any of them stay within an environment. */
const USUAL: [pattern: string, ignoreCase: boolean][] = [
  ["@shop\\.example$", true],
  ["^[a-z0-9._%+-]+@[a-z0-9.-]+\\.[a-z]{2,}$", true],
  ["^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9-]{1,63})*$", false],
  ["^https?://(?:[a-z0-9-]+\\.)*example\\.(?:com|org|net)(?::\\d{1,5})?(?:/[^?#]*)?(?:\\?.*)?$", true],
  ["^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", false],
  ["^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", true],
  ["^(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)\\.){3}(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)$", false],
  ["^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(?:\\.\\d{1,9})?Z$", false],
  ["(?:iPhone|iPad|iPod|Android|Mobile|Windows Phone|BlackBerry|Opera Mini)", true],
  ["Chrome/(?:1[2-9]\\d|[2-9]\\d{2})\\.", false],
  ["^[\\p{L}\\p{M}' .-]{1,60}$", false],
  ["^v?(?:0|[1-9]\\d*)\\.(?:0|[1-9]\\d*)\\.(?:0|[1-9]\\d*)(?:-[\\da-z.-]+)?$", true],
  [Array.from({ length: 30 }, (_, index) => `bot-${index}`).join("|"), true],
];

test.each(USUAL)("fits with room to spare: %s", (pattern, ignoreCase) => {
  const cost = regexCost(pattern, ignoreCase);
  expect(cost).toBeLessThanOrEqual(LIMITS.regexInstructions / 2);
  expect(isRegex(pattern, ignoreCase)).toBe(true);
});

describe("laws", () => {
  const atom = fc.constantFrom("a", "b", ".", "[ab]", "[^a]", "(?:a|bc)", "\\.", "^", "$");
  const piece = fc.tuple(atom, fc.constantFrom("", "", "?", "*", "+", "{2}")).map(([one, times]) => {
    return one === "^" || one === "$" ? one : one + times;
  });
  const simple = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(""));
  /** Whatever the syntax allows, much of it wrong. */
  const odd = fc
    .array(
      fc.constantFrom(
        ..."ab.^$|()*+?-,".split(""),
        ..."(?: (?i) (?i: (?s) (?-i) (?P<n> (?U) [ab] [^a] [a-z] [B-é] []a] [^]] [\\]] [[:alpha:]] [^[:^digit:]-x]".split(
          " ",
        ),
        ..."\\b \\B \\A \\z \\d \\W \\pL \\p{^Lu} \\PN [\\pL-] \\Q \\E \\. \\n \\x41 \\x{e9} \\101 \\Q[{2}\\E é 世 K ſ".split(
          " ",
        ),
        ..."{2} {1,3} {0,9} {3,} {,2} {0} {2 {1,9}".split(" "),
      ),
      { maxLength: 14 },
    )
    .map((parts) => parts.join(""));
  const text = fc.string({
    unit: fc.constantFrom(
      "a",
      "b",
      "c",
      ".",
      "A",
      "\n",
      "é",
      "É",
      "世",
      "k",
      "K",
      "1",
      "_",
      " ",
      "\u{1f600}",
      "\ud800",
      "s",
    ),
    maxLength: 12,
  });
  const size = (pattern: string, ignoreCase: boolean): number | null => {
    try {
      return instructions(pattern, ignoreCase);
    } catch {
      return null;
    }
  };

  test("agrees with the platform's engine on patterns that both read alike", () => {
    const plain = fc.string({ unit: fc.constantFrom("a", "b", "c", ".", "A"), maxLength: 12 });
    fc.assert(
      fc.property(simple, plain, fc.boolean(), (source, given, ignoreCase) => {
        const wanted = new RegExp(source, ignoreCase ? "iu" : "u").test(given) ? TRUE : FALSE;
        expect(matches(source, given, ignoreCase)).toBe(wanted);
      }),
      { numRuns: 1_000 },
    );
  });

  test("agrees with RE2JS's own engines on any pattern", () => {
    fc.assert(
      fc.property(odd, text, fc.boolean(), (source, given, ignoreCase) => {
        if (regexCost(source, ignoreCase) > LIMITS.regexInstructions) return;
        const valid = size(source, ignoreCase) !== null;
        expect(isRegex(source, ignoreCase)).toBe(valid);
        if (!valid) return;
        const wanted = RE2JS.compile(source, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0).test(given) ? TRUE : FALSE;
        expect(matches(source, given, ignoreCase)).toBe(wanted);
      }),
      { numRuns: RUNS },
    );
  });

  test("no pattern has more instructions than its text was read to have", () => {
    fc.assert(
      fc.property(fc.oneof(odd, simple), fc.boolean(), (source, ignoreCase) => {
        const actual = size(source, ignoreCase);
        if (actual !== null) expect(regexCost(source, ignoreCase)).toBeGreaterThanOrEqual(actual);
      }),
      { numRuns: RUNS },
    );
  });

  test("a search takes the same steps every time, no more than its cost for each character, and stops without them", () => {
    fc.assert(
      fc.property(odd, text, (source, given) => {
        const regex = re2(source, false);
        const steps = { left: PLENTY };
        if (!regex || regex.search(given, steps) === UNKNOWN) return;
        const taken = PLENTY - steps.left;
        expect(taken).toBeLessThanOrEqual((regex.cost + 1) * (given.length + 1) + 16);
        const again = { left: taken };
        expect(regex.search(given, again)).not.toBe(UNKNOWN);
        expect(again.left).toBe(0);
        const fewer = { left: taken - 2 };
        if (regex.search(given, fewer) !== TRUE) expect(fewer.left).toBeLessThan(0);
      }),
      { numRuns: 3_000 },
    );
  });
});

test("the largest pattern there may be reads the longest text within one evaluation's steps", () => {
  const pattern = `(?:a?){${(LIMITS.regexInstructions - 6) / 2}}b`;
  expect(regexCost(pattern, false)).toBeGreaterThan(LIMITS.regexInstructions - 10);
  const steps = { left: SEARCH_STEPS };
  expect(re2(pattern, false)?.search("a".repeat(MATCHED_TEXT_CHARS), steps)).toBe(FALSE);
  expect(steps.left).toBeGreaterThanOrEqual(0);
});

test("what was compiled is kept for the next snapshot, up to a number of instructions", () => {
  const { compiled } = regexUse;
  const first = re2("kept-[a-z]{1,9}", false);
  first?.search("kept-a", { left: PLENTY });
  first?.search("kept-b", { left: PLENTY });
  expect(re2("kept-[a-z]{1,9}", false)).toBe(first);
  expect(regexUse.compiled).toBe(compiled + 1);
  for (let index = 0; index < 2_000; index++) re2(`x${index}(?:a?){400}`, false);
  expect(regexUse.kept).toBeLessThanOrEqual(500_000);
  expect(re2("kept-[a-z]{1,9}", false)).not.toBe(first);
  expect(regexUse.compiled).toBe(compiled + 1);
});
