import fc from "fast-check";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { ELEMENT_VALUES, LIMITS, MATCHED_ELEMENTS, MATCHED_TEXT_CHARS, SEARCH_STEPS } from "../../../limits.ts";
import type { AttributeTest, Condition } from "../../../schema/condition.ts";
import type { Snapshot, SnapshotFlag } from "../../../schema/snapshot.ts";
import { compile } from "../../compile/compile.ts";
import { explain } from "../../explain/explain.ts";
import type { RegexEngine } from "../../model/search.ts";
import { evaluate, evaluateAll, prepare } from "../../run/evaluate.ts";
import { planSearches } from "../plan-searches.ts";
import { re2, regexUse } from "./regex.ts";

// Each evaluation under pressure takes what it may, some milliseconds; on a busy machine, hundreds of them are slow.
vi.setConfig({ testTimeout: 60_000 });

const NOW = 0;
const when = (condition: Condition, more: Partial<SnapshotFlag["state"]> = {}): SnapshotFlag => ({
  variants: { on: true, off: false, not: true },
  offVariant: "off",
  visibility: "public",
  seed: "s",
  state: {
    enabled: true,
    prerequisites: [],
    rules: [
      { id: "r", when: condition, serve: { variant: "on" } },
      { id: "n", when: { not: condition }, serve: { variant: "not" } },
    ],
    fallthrough: { variant: "off" },
    ...more,
  },
});
const snapshotOf = (flags: Record<string, SnapshotFlag>, segments: Snapshot["segments"] = {}): Snapshot => ({
  minReader: 1,
  project: "p",
  environment: "e",
  epoch: 1,
  revision: 1,
  flags,
  segments,
  layers: {},
  holdouts: {},
  keys: [],
  kills: [],
});
const is = (op: AttributeTest["op"], values: string[], ignoreCase = false, attribute = "a"): AttributeTest => ({
  attribute,
  op,
  values,
  ...(ignoreCase ? { ignoreCase } : {}),
});
/** "on": true, "not": false, "off": unknown; by the evaluator and by the reference. */
function said(snapshot: Snapshot, context: object, key = "f"): string | null | undefined {
  const compiled = compile(snapshot, re2);
  const variant = evaluate(compiled, key, prepare(compiled, context, NOW))?.variant;
  expect(explain(snapshot, [], context, NOW, re2).find((one) => one.key === key)?.variant).toBe(variant);
  return variant;
}

/** The issue's: 40 characters, 2,700 instructions. */
const BOMB = "(?:(?:.?){1,30}){1,30}A0-0";
/** Large, but allowed; each is another pattern. */
const large = (index: number) => `(?:a?b?){240}(?:z|q${index})`;

describe("under pressure", () => {
  /** The steps that patterns take together. */
  function counting(): { engine: RegexEngine; taken: () => number } {
    let taken = 0;
    const engine: RegexEngine = (pattern, ignoreCase) => {
      const regex = re2(pattern, ignoreCase);
      if (!regex) return null;
      return {
        cost: regex.cost,
        search: (text, steps) => {
          const { left } = steps;
          const truth = regex.search(text, steps);
          taken += left - steps.left;
          return truth;
        },
      };
    };
    return { engine, taken: () => taken };
  }

  const many = (count: number) =>
    snapshotOf(
      Object.fromEntries(
        Array.from({ length: count }, (_, index) => [`f${index}`, when(is("matches", [large(index)]))]),
      ),
    );

  test.each([1, 5, 100])("%d patterns that are all asked stay within one evaluation's steps", (count) => {
    const snapshot = many(count);
    for (const a of [
      "a".repeat(MATCHED_TEXT_CHARS),
      Array.from({ length: 60 }, () => "a".repeat(1_000)),
      Array(900).fill("a"),
    ]) {
      const { engine, taken } = counting();
      const compiled = compile(snapshot, engine);
      evaluateAll(compiled, prepare(compiled, { a }, NOW), "server");
      expect(taken()).toBeGreaterThan(0);
      // What ran out is noticed at the end of a place in the text, once for each pattern.
      expect(taken()).toBeLessThanOrEqual(SEARCH_STEPS + count * LIMITS.regexInstructions);
    }
  });

  test("one pattern alone answers the longest text; among a hundred large ones it is unknown, everywhere alike", () => {
    const context = { a: "a".repeat(MATCHED_TEXT_CHARS) };
    expect(said(many(1), context, "f0")).toBe("not");
    expect(said(many(100), context, "f0")).toBe("off");
    expect(said(many(100), { a: "aaaz" }, "f0")).toBe("on");
    expect(said(many(100), { a: "kim@shop.example" }, "f0")).toBe("not");
  });

  test("bulk, single, any order and the reference say the same", () => {
    const text = fc.oneof(
      fc.constantFrom("a", "Az", "z"),
      fc.nat(1_100).map((length) => `${"a".repeat(length)}z`),
      fc.nat(70_000).map((length) => "ab".repeat(length / 2)),
    );
    const attribute = fc.oneof(text, fc.array(text, { maxLength: 20 }), fc.constant(Array(1_001).fill("z")));
    const condition = fc.oneof(
      fc.nat(40).map((index) => is("matches", [large(index), "b$"])),
      fc.nat(40).map((index) => is("matches", [BOMB, large(index)], true)),
      fc.constantFrom(
        is("matches", ["["]),
        is(
          "contains",
          Array.from({ length: 1_000 }, (_, index) => `x${index}`),
        ),
        is("contains", ["zz", "Z"], true),
        is("ends_with", ["Z"], true),
        is("starts_with", ["az"], true),
        is("equals", ["AZ"], true),
      ),
    );
    fc.assert(
      fc.property(fc.array(condition, { minLength: 1, maxLength: 12 }), attribute, (conditions, a) => {
        const snapshot = snapshotOf(Object.fromEntries(conditions.map((one, index) => [`f${index}`, when(one)])));
        const compiled = compile(snapshot, re2);
        const wanted = explain(snapshot, [], { a }, NOW, re2).map(({ variant }) => variant);
        const { flags } = evaluateAll(compiled, prepare(compiled, { a }, NOW), "server");
        expect((JSON.parse(`[${flags}]`) as { variant: string }[]).map(({ variant }) => variant)).toEqual(wanted);
        const keys = [...compiled.flags.keys()];
        const together = prepare(compiled, { a }, NOW);
        const backwards = [...keys].reverse().map((key) => evaluate(compiled, key, together)?.variant);
        expect(backwards.reverse()).toEqual(wanted);
        expect(keys.map((key) => evaluate(compiled, key, prepare(compiled, { a }, NOW))?.variant)).toEqual(wanted);
      }),
      { numRuns: 150 },
    );
  });

  test("a thousand usual patterns answer usual texts", () => {
    const flags = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, index) => [
        `f${index}`,
        when(is("matches", [`@(?:mail\\.)?shop-${index}\\.example$`], true)),
      ]),
    );
    const explained = explain(snapshotOf(flags), [], { a: "Kim.Long-Name@mail.shop-7.example" }, NOW, re2);
    expect(explained.filter(({ variant }) => variant === "on").map(({ key }) => key)).toEqual(["f7"]);
    expect(explained.filter(({ variant }) => variant === "not")).toHaveLength(999);
  });

  test("what a limit makes unknown says why in the playground", () => {
    const limited = (test: AttributeTest, a: unknown, more: Record<string, SnapshotFlag> = {}) =>
      explain(snapshotOf({ f: when(test), ...more }), [], { a }, NOW, re2)[0]?.trace.rules[0]?.condition?.test?.limited;
    const crowd = many(100).flags;
    expect(limited(is("matches", [BOMB]), "a")).toBe("pattern too large");
    expect(limited(is("matches", ["b"]), "a".repeat(MATCHED_TEXT_CHARS + 1))).toBe("text too long");
    expect(limited(is("matches", ["b"]), Array(MATCHED_ELEMENTS + 1).fill("a"))).toBe("too many elements");
    expect(limited(is("matches", [large(3)]), "a".repeat(1_000), crowd)).toBe("search too long");
    expect(limited(is("matches", ["b"]), "a")).toBeUndefined();
  });
});

describe("patterns that are too large or too many", () => {
  let before: number;
  beforeEach(() => {
    before = regexUse.compiled;
  });
  const attack = (count: number, pattern: (index: number) => string): SnapshotFlag =>
    when({
      any: Array.from({ length: Math.ceil(count / 200) }, (_, group) =>
        is(
          "matches",
          Array.from({ length: Math.min(200, count - 200 * group) }, (_, index) => pattern(group * 200 + index)),
        ),
      ),
    });

  test("the flag that stalled an isolate for 15 s costs nothing to load or evaluate: its condition is unknown", () => {
    const snapshot = snapshotOf({
      f: attack(3_980, (index) => `${BOMB}${index}`),
      g: when(is("matches", ["@shop\\.example$"])),
    });
    const compiled = compile(snapshot, re2);
    expect(compiled.patternsLeft).toBe(3_980);
    const subject = prepare(compiled, { a: "kim@shop.example" }, NOW);
    expect(evaluate(compiled, "f", subject)?.variant).toBe("off");
    expect(regexUse.compiled).toBe(before);
    expect(evaluate(compiled, "g", subject)?.variant).toBe("on");
    expect(regexUse.compiled).toBe(before + 1);
    expect(said(snapshot, { a: "kim@shop.example" }, "g")).toBe("on");
  });

  test("of too many the smallest run, whichever flag stands first", () => {
    const snapshot = snapshotOf({ a: attack(300, large), f: when(is("matches", ["@shop\\.example$"])) });
    const compiled = compile(snapshot, re2);
    expect(compiled.patternsLeft).toBeGreaterThan(150);
    evaluateAll(compiled, prepare(compiled, { a: "a" }, NOW), "server");
    const most = LIMITS.regexInstructionsPerEnvironment / (re2(large(1), false)?.cost ?? 0);
    expect(regexUse.compiled - before).toBeLessThanOrEqual(most + 1);
    expect(said(snapshot, { a: "kim@shop.example" })).toBe("on");
  });

  test("nothing is compiled before it is asked, nor again for the next snapshot", () => {
    const flags = { f: when(is("matches", ["lazy-1$"])), g: when(is("matches", ["lazy-2$"])) };
    for (const next of [flags, { ...flags, h: when(is("equals", ["x"])) }]) {
      const compiled = compile(snapshotOf(next), re2);
      evaluate(compiled, "f", prepare(compiled, { a: "lazy-1" }, NOW));
      expect(regexUse.compiled).toBe(before + 1);
    }
  });

  test("flags that are off, and paused rules, take no part", () => {
    const { rules } = attack(100, large).state;
    const paused = rules.map((rule) => ({ ...rule, paused: true }));
    const snapshot = snapshotOf({
      f: when(is("matches", ["(?:a?){400}z"])),
      g: { ...attack(100, large), state: { ...attack(100, large).state, enabled: false } },
      h: { ...attack(100, large), state: { ...attack(100, large).state, rules: paused } },
    });
    expect(said(snapshot, { a: "a".repeat(MATCHED_TEXT_CHARS) })).toBe("not");
  });

  test("a snapshot that searches for nothing asks the engine for nothing", () => {
    const engine = vi.fn(re2);
    const flags = { f: when(is("equals", ["x"])), g: when(is("ends_with", ["x", "y"])) };
    const compiled = compile(
      snapshotOf(flags, { s: { by: "a", included: [], excluded: [], when: is("in", ["x", "y"]) } }),
      engine,
    );
    evaluateAll(compiled, prepare(compiled, { a: "x" }, NOW), "server");
    expect(engine).not.toHaveBeenCalled();
  });
});

describe("texts and arrays that nobody would send", () => {
  test("the longest text is found in by `contains`, unless an environment looks for very many words in it", () => {
    const text = `${"x".repeat(60_000)}needle`;
    expect(said(snapshotOf({ f: when(is("contains", ["needle"])) }), { a: text })).toBe("on");
    const words = (count: number) => Array.from({ length: count }, (_, index) => `w${index}`);
    const flags = { f: when(is("contains", ["needle"])), g: when(is("contains", words(1_000), false, "b")) };
    expect(said(snapshotOf(flags), { a: text })).toBe("off");
    expect(said(snapshotOf(flags), { a: `${"x".repeat(4_000)}needle` })).toBe("on");
  });

  test("an array has at most so many elements, but exists", () => {
    const array = (length: number) => ({ a: [...Array(length - 1).fill("x"), "last"] });
    for (const test of [
      is("equals", ["last"]),
      is("in", ["last", "least"]),
      is("ends_with", ["st"]),
      is("contains", ["as"]),
      is("matches", ["^last$"]),
      is("equals", ["LAST"], true),
    ]) {
      expect(said(snapshotOf({ f: when(test) }), array(MATCHED_ELEMENTS)), test.op).toBe("on");
      expect(said(snapshotOf({ f: when(test) }), array(MATCHED_ELEMENTS + 1)), test.op).toBe("off");
    }
    expect(said(snapshotOf({ f: when({ attribute: "a", op: "exists" }) }), array(16_000))).toBe("on");
  });

  test.each<[AttributeTest["op"], (index: number) => string, string]>([
    ["in_cidr", (index) => `10.${index >> 8}.${index & 255}.0/24`, "10.0.1.1"],
    ["semver_eq", (index) => `1.0.${index}`, "1.0.1"],
    ["starts_with", (index) => `${index}-`, "1-"],
    ["ends_with", (index) => `-${index}`, "-1"],
  ])("a list of %s is tried on fewer elements, the longer it is", (op, value, hit) => {
    const values = Array.from({ length: 1_000 }, (_, index) => value(index));
    const most = ELEMENT_VALUES / values.length;
    const array = (length: number) => ({ a: [...Array(length - 1).fill("9.9.9"), hit] });
    expect(said(snapshotOf({ f: when(is(op, values)) }), array(most))).toBe("on");
    expect(said(snapshotOf({ f: when(is(op, values)) }), array(most + 1))).toBe("off");
  });

  test("a version of thousands of characters is none, and costs no reading", () => {
    const flags = { f: when(is("semver_gt", ["1.0.0"])), g: when(is("semver_eq", ["1.0.0", "2.0.0"])) };
    for (const a of [`1.2.3-${"a".repeat(60_000)}`, "1".repeat(60_000), `1.2.3+${"1.".repeat(30_000)}1`])
      for (const key of ["f", "g"]) expect(said(snapshotOf(flags), { a }, key)).toBe("off");
    expect(said(snapshotOf(flags), { a: `1.2.3-${"a".repeat(200)}` })).toBe("on");
  });

  test("lower-casing shortens no text, so what is longer than a list's longest is not in it", () => {
    for (let code = 0; code <= 0x10ffff; code++) {
      const text = String.fromCodePoint(code);
      if (text.toLowerCase().length < text.length) expect.fail(`U+${code.toString(16)} is shorter in lower case`);
    }
    expect(said(snapshotOf({ f: when(is("in", ["İx", "B"], true)) }), { a: "i\u0307X" })).toBe("on");
  });
});

test("tests that differ in nothing but their place count once", () => {
  const flag = when(is("matches", [large(1)]));
  const one = planSearches(snapshotOf({ f: flag }), re2);
  const two = planSearches(
    snapshotOf({ f: flag, g: flag }, { s: { by: "a", included: [], excluded: [], when: is("matches", [large(1)]) } }),
    re2,
  );
  expect(two.steps(is("matches", [large(1)]))).toBe(one.steps(is("matches", [large(1)])));
});
