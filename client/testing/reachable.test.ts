import fc from "fast-check";
import { describe, expect, test } from "vitest";
import demo from "../../scripts/demo-project.json" with { type: "json" };
import { compile } from "../../shared/evaluation/compile/compile.ts";
import { re2 } from "../../shared/evaluation/operators/regex/regex.ts";
import { evaluate, prepare } from "../../shared/evaluation/run/evaluate.ts";
import { anyContext, anySnapshot, NOW } from "../../shared/evaluation/testing/arbitraries.ts";
import type { Snapshot } from "../../shared/schema/snapshot.ts";
import { combinationsOf, reachableVariants, type VariantOptions } from "./combinations.ts";
import type { Condition, FlagDocument, FlagState, ProjectExport, Serve } from "./project.ts";

const everybody: Condition = { all: [] };
const plan = (...values: string[]): Condition => ({ attribute: "plan", op: "equals", values });
const serve = (variant: string | null): Serve => ({ variant });
const split = (on: number): Serve => ({
  split: [
    { variant: "on", weight: on },
    { variant: "off", weight: 100_000 - on },
  ],
});
const rule = (when: Condition, served: Serve, over: object = {}) => ({ id: "r", when, serve: served, ...over });
const flag = (state: Partial<FlagState>, over: Partial<FlagDocument> = {}): FlagDocument => ({
  key: "f",
  variants: { off: false, on: true, blue: "b" },
  offVariant: "off",
  state: { enabled: true, fallthrough: serve("off"), ...state },
  ...over,
});
const project = (flags: FlagDocument[], over: Partial<ProjectExport> = {}): ProjectExport => ({
  format: "blastdoor-export-1",
  flags: Object.fromEntries(flags.map(({ key, state: _, ...definition }) => [key, definition])),
  states: { production: Object.fromEntries(flags.map(({ key, state }) => [key, state])) },
  ...over,
});
const reached = (state: Partial<FlagState>, options: VariantOptions = {}) =>
  reachableVariants(flag(state), { now: NOW, kills: false, ...options }).f;
const named = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).sort();

describe("the variants that one flag can serve", () => {
  test.each<[string, Partial<FlagState>, (string | null)[]]>([
    ["a flag that is off", { enabled: false, fallthrough: serve("on") }, ["off"]],
    ["everybody's", { fallthrough: serve("on") }, ["on"]],
    ["no value", { fallthrough: serve(null) }, [null]],
    ["a variant that is not declared", { fallthrough: serve("gone") }, [null]],
    ["a rule's", { rules: [rule(plan("pro"), serve("on"))] }, ["on", "off"]],
    ["a paused rule", { rules: [rule(everybody, serve("on"), { paused: true })] }, ["off"]],
    ["a rule that is over", { rules: [rule(everybody, serve("on"), { expiresAt: "2020-01-01T00:00:00Z" })] }, ["off"]],
    [
      "a rule that will be over",
      { rules: [rule(everybody, serve("on"), { expiresAt: "2030-01-01T00:00:00Z" })] },
      ["off", "on"],
    ],
    ["behind a rule for everybody", { rules: [rule(everybody, serve("on"))], fallthrough: serve("blue") }, ["on"]],
    [
      "behind a rule that says the same",
      { rules: [rule(plan("pro", "team"), serve("on")), rule(plan("pro"), serve("blue"))] },
      ["on", "off"],
    ],
    [
      "behind a rule that says less",
      { rules: [rule(plan("pro"), serve("on")), rule(plan("pro", "team"), serve("blue"))] },
      ["on", "blue", "off"],
    ],
    ["nobody's rule", { rules: [rule({ any: [] }, serve("on"))] }, ["off"]],
    ["a contradiction", { rules: [rule({ all: [plan("pro"), { not: plan("pro") }] }, serve("on"))] }, ["off"]],
    [
      "a rule and its opposite, for those without the attribute",
      { rules: [rule(plan("pro"), serve("on")), rule({ not: plan("pro") }, serve("blue"))] },
      ["on", "blue", "off"],
    ],
    ["a weight of 0", { fallthrough: split(0) }, ["off"]],
    ["a weight of all", { fallthrough: split(100_000) }, ["on"]],
    ["a split", { fallthrough: split(1) }, ["on", "off"]],
    [
      "a split by an attribute that users may lack",
      { rules: [rule(everybody, { ...split(100_000), by: "account" })], fallthrough: serve("blue") },
      ["on", "blue"],
    ],
    [
      "an unknown prerequisite",
      { prerequisites: [{ flag: "gone", variants: ["on"] }], fallthrough: serve("on") },
      ["off"],
    ],
  ])("%s", (_, state, variants) => {
    expect([...(reached(state) ?? [])].sort()).toEqual([...variants].sort());
  });

  test("includes what a kill serves, and what a release is about to", () => {
    expect(reached({ fallthrough: serve("on") }, { kills: true })).toEqual(["on", "off"]);
    expect(reached({ fallthrough: serve("on"), killVariant: "blue" }, { kills: true })).toEqual(["on", "blue"]);
    expect(reached({ fallthrough: serve("on"), killVariant: null }, { kills: true })).toEqual(["on", null]);
    expect(reached({ enabled: false, fallthrough: split(10) }, { on: true })).toEqual(["on", "off"]);
    expect(reached({ enabled: false, fallthrough: split(10) }, { on: ["f"] })).toEqual(["on", "off"]);
    expect(reached({ enabled: false, fallthrough: split(10) }, { on: ["other"] })).toEqual(["off"]);
  });
});

describe("variants of several flags", () => {
  const all = (source: ProjectExport, options: VariantOptions = {}) =>
    combinationsOf(source, { now: NOW, kills: false, ...options });

  test("flags that have nothing in common go together in every way", () => {
    const flags = [flag({ fallthrough: split(50_000) }, { key: "a" }), flag({ fallthrough: split(1) }, { key: "b" })];
    expect(all(project(flags)).combinations).toHaveLength(4);
  });

  test("the same condition in two flags is met for both or for neither", () => {
    const rules = [rule(plan("pro"), serve("on"))];
    const { combinations } = all(project([flag({ rules }, { key: "a" }), flag({ rules }, { key: "b" })]));
    expect(named(combinations)).toEqual(
      named([
        { a: "on", b: "on" },
        { a: "off", b: "off" },
      ]),
    );
  });

  test("a flag is off without its prerequisite, and while that is killed", () => {
    const base = flag({ fallthrough: split(50_000) }, { key: "a" });
    const next = flag({ prerequisites: [{ flag: "a", variants: ["on"] }], fallthrough: serve("on") }, { key: "b" });
    expect(named(all(project([base, next])).combinations)).toEqual(
      named([
        { a: "on", b: "on" },
        { a: "off", b: "off" },
      ]),
    );
    const killed = flag({ fallthrough: serve("on"), killVariant: "on" }, { key: "a" });
    expect(named(all(project([killed, next]), { kills: true }).combinations)).toEqual(
      named([
        { a: "on", b: "on" },
        { a: "on", b: "off" },
      ]),
    );
  });

  test("flags of one layer exclude each other", () => {
    const shared = (key: string, from: number, to: number) =>
      flag({ layer: { layer: "l", from, to }, fallthrough: serve("on") }, { key });
    const source = project([shared("a", 0, 50_000), shared("b", 50_000, 100_000)], { layers: { l: {} } });
    expect(named(all(source).combinations)).toEqual(
      named([
        { a: "on", b: "off" },
        { a: "off", b: "on" },
      ]),
    );
  });

  test("flags with one seed split their users alike", () => {
    const source = project([
      flag({ fallthrough: split(20_000) }, { key: "a", seed: "s" }),
      flag({ fallthrough: split(50_000) }, { key: "b", seed: "s" }),
    ]);
    expect(named(all(source).combinations)).toEqual(
      named([
        { a: "on", b: "on" },
        { a: "off", b: "on" },
        { a: "off", b: "off" },
      ]),
    );
  });

  test("beyond the bound, every pair is met in few runs", () => {
    const keys = Array.from({ length: 12 }, (_, n) => `f${n}`);
    const source = project(keys.map((key) => flag({ fallthrough: split(50_000) }, { key })));
    const { combinations, covers, total } = all(source);
    expect([covers, total]).toEqual(["pairs", 4_096]);
    expect(combinations.length).toBeLessThan(16);
    for (const a of keys)
      for (const b of keys)
        for (const one of ["on", "off"])
          for (const other of ["on", "off"])
            if (a !== b) expect(combinations.some((row) => row[a] === one && row[b] === other)).toBe(true);
    expect(all(source, { maxCombinations: 4_096 })).toMatchObject({ covers: "all", total: 4_096 });
  });

  test("flags of one group are met in pairs, and never in a way that nobody is served", () => {
    const plans = ["a", "b", "c", "d", "e"];
    const rules = (shift: number) =>
      plans.map((name, at) => rule(plan(name), serve((at + shift) % 2 ? "on" : "blue"), { id: name }));
    const joint = ["x", "y"].map((key, shift) => flag({ rules: rules(shift) }, { key }));
    const free = Array.from({ length: 6 }, (_, n) => flag({ fallthrough: split(50_000) }, { key: `f${n}` }));
    const { combinations, covers } = all(project([...joint, ...free]));
    expect(covers).toBe("pairs");
    expect(combinations.length).toBeLessThan(16);
    const together = new Set(combinations.map(({ x, y }) => `${x} ${y}`));
    expect([...together].sort()).toEqual(["blue on", "off off", "on blue"]);
    for (const { key } of free)
      for (const x of ["on", "blue", "off"])
        for (const one of ["on", "off"]) expect(combinations.some((row) => row.x === x && row[key] === one)).toBe(true);
  });

  test("flags that are too entangled still show all that each of them can serve", () => {
    const rules = Array.from({ length: 40 }, (_, n) =>
      rule({ attribute: `a${n}`, op: "equals", values: ["x"] }, serve(n % 2 ? "on" : "blue")),
    );
    const flags = Array.from({ length: 6 }, (_, n) => flag({ rules: rules.toSpliced(n, 1) }, { key: `f${n}` }));
    for (const variants of Object.values(reachableVariants(project(flags), { now: NOW })))
      expect([...variants].sort()).toEqual(["blue", "off", "on"]);
  });

  test.each([
    ["an environment that is not there", project([flag({})]), { environment: "qa" }, /production/],
    ["two environments", { ...project([flag({})]), states: { a: {}, b: {} } }, {}, /a, b/],
    ["a flag that is not there", project([flag({})]), { flags: ["gone"] }, /"gone"/],
    ["another format", { ...project([flag({})]), format: "x" }, {}, /blastdoor-export-1/],
    [
      "more flags than can be paired",
      project(Array.from({ length: 201 }, (_, n) => flag({}, { key: `f${n}` }))),
      {},
      /"flags".*201/,
    ],
    ["a flag without its state", { ...flag({}), state: undefined } as never, {}, /state/],
  ])("%s is named", (_, source, options, message) => {
    expect(() => combinationsOf(source, options)).toThrow(message);
  });
});

test("an export that is imported as JSON is a source, and a hundred flags are paired", () => {
  const { total, covers } = combinationsOf(demo, { environment: "production" });
  expect([total > 64, covers]).toEqual([true, "pairs"]);
  const many = project(Array.from({ length: 100 }, (_, n) => flag({ fallthrough: split(50_000) }, { key: `f${n}` })));
  expect(combinationsOf(many).combinations.length).toBeLessThan(30);
});

const exported = ({ flags, segments, layers, holdouts }: Snapshot): ProjectExport => ({
  format: "blastdoor-export-1",
  flags: Object.fromEntries(
    Object.entries(flags).map(([key, { variants, offVariant, seed }]) => [key, { variants, offVariant, seed }]),
  ),
  states: { e: Object.fromEntries(Object.entries(flags).map(([key, { state }]) => [key, state])) },
  segments,
  layers,
  holdouts,
});

test("whatever the evaluator serves somebody, of all flags together, is among them", () => {
  const user = anyContext.map((context) => ({ ...(context as object), targetingKey: "u1" }));
  const users = fc.array(fc.tuple(user, fc.integer({ min: 0, max: 1_000 })), { minLength: 20, maxLength: 20 });
  fc.assert(
    fc.property(anySnapshot, users, (snapshot, crowd) => {
      const unkilled = { ...snapshot, kills: [] };
      const compiled = compile(unkilled, re2);
      const source = exported(unkilled);
      const variants = reachableVariants(source, { now: NOW, kills: false });
      const { combinations, covers } = combinationsOf(source, { now: NOW, kills: false, maxCombinations: 500_000 });
      const rows = new Set(combinations.map((row) => JSON.stringify(Object.entries(row).sort())));
      for (const [context, number] of crowd) {
        const subject = prepare(compiled, { ...context, targetingKey: `u${number}` }, NOW);
        const served = Object.keys(snapshot.flags).map(
          (key) => [key, evaluate(compiled, key, subject)?.variant ?? null] as const,
        );
        for (const [key, variant] of served) expect(variants[key]).toContain(variant);
        if (covers === "all") expect(rows).toContain(JSON.stringify([...served].sort()));
      }
    }),
    { numRuns: 100 },
  );
});
