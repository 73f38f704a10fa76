import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { blockText, byName, documentsOf, type Entry, entriesOfSnapshot, joinBlocks } from "../../blocks/block.ts";
import { BLOCK_ENTRIES, cut } from "../../blocks/partition.ts";
import { SPLIT_TOTAL } from "../../limits.ts";
import type { Condition } from "../../schema/condition.ts";
import type { Rule, Serve } from "../../schema/flag.ts";
import type { Manifest } from "../../schema/manifest.ts";
import type { Kill, Snapshot, SnapshotFlag } from "../../schema/snapshot.ts";
import { re2 } from "../operators/regex/regex.ts";
import { evaluate, evaluateAll, prepare } from "../run/evaluate.ts";
import { inOneGo } from "../slices.ts";
import { anyContext, anyKill, anyMemberships, anySnapshot, NOW } from "../testing/arbitraries.ts";
import { applyKills, type CompiledSnapshot, compile } from "./compile.ts";
import { type BlockSource, compileBlocks } from "./compile-blocks.ts";
import { compileParts } from "./compile-parts.ts";

// Thousands of random cases on a busy machine: slow is not wrong.
vi.setConfig({ testTimeout: 60_000 });

const OFF: Serve = { variant: "off" };
const flag = (rules: Rule[] = [], fallthrough: Serve = OFF): SnapshotFlag => ({
  variants: { on: true, off: false },
  offVariant: "off",
  visibility: "public",
  seed: "s",
  state: { enabled: true, prerequisites: [], rules, fallthrough },
});
const whenOn = (when: Condition, id = "r"): Rule => ({ id, when, serve: { variant: "on" } });
const is = (attribute: string, ...values: string[]): Condition => ({ attribute, op: "equals", values });
const snapshotOf = (more: Partial<Snapshot>): Snapshot => ({
  minReader: 1,
  project: "p",
  environment: "e",
  epoch: 1,
  revision: 1,
  flags: {},
  segments: {},
  layers: {},
  holdouts: {},
  keys: [],
  kills: [],
  ...more,
});

/** A snapshot in blocks; a block's text is its hash, which is as good. */
interface Cut {
  readonly snapshot: Snapshot;
  readonly manifest: Manifest;
  readonly blocks: readonly BlockSource[];
  /** Texts of the blocks whose documents were asked for. */
  readonly asked: string[];
}

function cutInto(snapshot: Snapshot, divide: (entries: readonly Entry[]) => Entry[][]): Cut {
  const texts = divide(entriesOfSnapshot(snapshot)).map(blockText);
  const { project, environment, epoch, revision, kills } = snapshot;
  const asked: string[] = [];
  const documents = (text: string) => {
    asked.push(text);
    return documentsOf(text);
  };
  return {
    snapshot,
    manifest: { minReader: 2, project, environment, epoch, revision, kills, blocks: texts, chars: 0 },
    blocks: texts.map((hash) => ({ hash, documents: () => documents(hash) })),
    asked,
  };
}

/** Blocks that end where one of these names stands or would stand, so that most of them stay the same. */
const at = (bounds: readonly string[]) => (entries: readonly Entry[]) => {
  const blocks = [...bounds, ""].map((): Entry[] => []);
  for (const entry of [...entries].sort(byName)) blocks[bounds.filter((one) => one <= entry[0]).length]?.push(entry);
  return blocks.filter((block) => block.length > 0);
};

/** Each block is a part of its own, as large ones are. */
const apart = (previous: CompiledSnapshot | null, { manifest, blocks }: Cut) =>
  compileParts(previous, manifest, blocks, re2, { flags: 0, rules: 0 });
/** Small neighbours are one part. */
const usual = (previous: CompiledSnapshot | null, { manifest, blocks }: Cut) =>
  compileBlocks(previous, manifest, blocks, re2);
const some = (previous: CompiledSnapshot | null, { manifest, blocks }: Cut) =>
  compileParts(previous, manifest, blocks, re2, { flags: 2, rules: 100 });
const compiledFrom = (previous: CompiledSnapshot | null, given: Cut): CompiledSnapshot =>
  inOneGo(apart(previous, given));

type Asker = { readonly context: unknown; readonly known: ReadonlyMap<string, boolean> | undefined };

/** Everything that can be seen of a compiled snapshot. */
function seen(compiled: CompiledSnapshot, askers: readonly Asker[]) {
  const { project, environment, epoch, revision, size, readsEdge, expires, stale, patternsLeft } = compiled;
  const keys = compiled.parts.flatMap(({ flags }) => flags.map(({ key }) => key));
  const names = (lists: readonly { segment: string; source: unknown }[]) => lists.map((l) => [l.segment, l.source]);
  return {
    head: { project, environment, epoch, revision, size, readsEdge, expires, stale, patternsLeft },
    keys,
    map: [...compiled.flags].map(([key, flag]) => `${key} ${flag.key}`).sort(),
    has: [compiled.flags.size, compiled.flags.has("f0"), compiled.flags.has("none")],
    killed: compiled.killed.map(({ key, kills }) => [key, kills]),
    tangled: [...compiled.tangled].sort(),
    lists: names(compiled.lists),
    listsByFlag: [...compiled.listsByFlag].map(([key, lists]) => [key, names(lists)]),
    listsOfTargeted: names(compiled.listsOfTargeted),
    answers: askers.map(({ context, known }) => {
      const subject = prepare(compiled, context, NOW, known);
      return {
        client: evaluateAll(compiled, subject, "client"),
        server: evaluateAll(compiled, prepare(compiled, context, NOW, known), "server"),
        single: keys.map((key) => {
          const one = evaluate(compiled, key, subject);
          return [one?.serverJson, one?.clientJson, one?.cause, one?.blocked];
        }),
      };
    }),
  };
}

describe("a snapshot compiled from its predecessor", () => {
  const bounds = fc.uniqueArray(
    fc.constantFrom("flag/f1", "flag/f2", "flag/f3", "flag/f4", "holdout/", "layer/", "segment/s1", "segment/s2"),
  );
  const gate = fc.constantFrom("targetingKey", "plan", null);
  /** What a change replaces by what another snapshot has, or has not. */
  const anyChange = fc.record({
    other: anySnapshot,
    replaced: fc.uniqueArray(fc.constantFrom("f0", "f1", "f2", "f3", "f4", "s0", "s1", "s2"), { maxLength: 3 }),
    layer: fc.option(gate),
    holdout: fc.option(gate),
    kills: fc.option(fc.array(anyKill, { maxLength: 3 })),
    bounds: fc.option(bounds),
    dropped: fc.nat(20),
  });

  function changed(snapshot: Snapshot, change: typeof anyChange extends fc.Arbitrary<infer T> ? T : never): Snapshot {
    const replaced = <T>(was: Record<string, T>, other: Record<string, T>): Record<string, T> => {
      const result = { ...was };
      for (const key of change.replaced) {
        if (other[key] !== undefined) result[key] = other[key];
        else delete result[key];
      }
      return result;
    };
    const { layer, holdout } = change;
    return {
      ...snapshot,
      revision: snapshot.revision + 1,
      flags: replaced(snapshot.flags, change.other.flags),
      segments: replaced(snapshot.segments, change.other.segments),
      layers: change.layer === undefined || layer === null ? snapshot.layers : { l: { by: layer, seed: "l" } },
      holdouts:
        holdout === undefined || holdout === null
          ? snapshot.holdouts
          : { h: { by: holdout, seed: "h", share: 50_000 } },
      kills: change.kills ?? snapshot.kills,
    };
  }

  test("answers as one that is loaded fresh, byte for byte, whatever changed and wherever it is cut", () => {
    const askers = fc.array(fc.record({ context: anyContext, known: anyMemberships }), { minLength: 1, maxLength: 3 });
    const start = fc.tuple(anySnapshot, bounds, fc.constantFrom(apart, some, usual));
    fc.assert(
      fc.property(start, fc.array(anyChange, { maxLength: 5 }), askers, ([first, cutAt, divided], changes, who) => {
        let version = cutInto(first, at(cutAt));
        let compiled = inOneGo(divided(null, version));
        let where = cutAt;
        const versions = [{ compiled, kills: first.kills, answers: seen(compiled, who) }];
        expect(versions[0]?.answers).toEqual(seen(compile(first, re2), who));
        for (const change of changes) {
          where = change.bounds ?? where;
          const next = cutInto(changed(version.snapshot, change), at(where));
          const before = seen(compiled, who);
          // One that is begun and dropped leaves nothing behind but kills, if it came to its end.
          const dropped = divided(compiled, next);
          for (let step = 0; step < change.dropped; step++)
            if (dropped.next().done) applyKills(compiled, version.snapshot.kills);
          const work = divided(compiled, next);
          let step = work.next();
          for (; !step.done; step = work.next()) expect(seen(compiled, who)).toEqual(before);
          const after = seen(step.value, who);
          expect(after).toEqual(seen(compile(next.snapshot, re2), who));
          // The one before goes on, with the kills that are put in force on it.
          applyKills(compiled, version.snapshot.kills);
          expect(seen(compiled, who)).toEqual(before);
          applyKills(step.value, next.snapshot.kills);
          expect(seen(step.value, who)).toEqual(after);
          version = next;
          compiled = step.value;
          versions.push({ compiled, kills: next.snapshot.kills, answers: after });
        }
        // So do those before that one.
        for (const { compiled, kills, answers } of versions) {
          applyKills(compiled, kills);
          expect(seen(compiled, who)).toEqual(answers);
        }
      }),
      { numRuns: 400 },
    );
  });

  test("leaves no flag killed that its own kills do not name", () => {
    const keys = ["a", "b", "c"];
    const flags = Object.fromEntries(keys.map((key) => [key, flag([], { variant: "on" })]));
    const kills = (...killed: string[]): Kill[] =>
      killed.map((key) => ({ id: key, flag: key, serve: "off", revision: 1 }));
    const divide = at(["flag/b", "flag/c"]);
    const first = compiledFrom(null, cutInto(snapshotOf({ flags }), divide));
    applyKills(first, kills("a", "b"));
    const edited = { ...flags, b: flag([whenOn(is("x", "1"))], { variant: "on" }) };
    const next = compiledFrom(first, cutInto(snapshotOf({ flags: edited, kills: kills("c") }), divide));
    const off = (compiled: CompiledSnapshot) =>
      keys.filter((key) => evaluate(compiled, key, prepare(compiled, {}, NOW))?.variant === "off");
    expect([off(next), next.killed.map(({ key }) => key)]).toEqual([["c"], ["c"]]);
    applyKills(next, []);
    expect(off(next)).toEqual([]);
    // The edited flag is another one now: the old one keeps its kill.
    expect(off(first)).toEqual(["b"]);
  });
});

describe("a change costs what it changes", () => {
  const FLAGS = 10_000;
  /** Five rules that no other flag has. */
  const own = (index: number, salt = ""): SnapshotFlag =>
    flag(["a", "b", "c", "d", "e"].map((name) => whenOn(is(name, `${name}${index}${salt}`), name)));
  const keyOf = (index: number) => `f${String(index).padStart(5, "0")}`;
  const large = snapshotOf({ flags: Object.fromEntries(Array.from({ length: FLAGS }, (_, i) => [keyOf(i), own(i)])) });
  /** As `large` is cut, whatever changed. */
  const bounds = cut(entriesOfSnapshot(large)).map(([entry]) => (entry as Entry)[0]);

  test("one flag of 10,000: one part is compiled, its blocks are read, and the rest stays as it was", () => {
    const first = cutInto(large, at(bounds));
    const before = inOneGo(usual(null, first));
    expect(first.asked).toHaveLength(first.blocks.length);
    expect(before.parts.length).toBeGreaterThan(20);
    evaluateAll(before, prepare(before, { a: "a5000" }, NOW), "server");
    const made = before.pool.predicates;
    const edited = cutInto({ ...large, flags: { ...large.flags, [keyOf(5_000)]: own(5_000, "!") } }, at(bounds));
    const after = inOneGo(usual(before, edited));
    const kept = after.parts.filter((part) => before.parts.includes(part));
    expect(kept).toHaveLength(before.parts.length - 1);
    // What was put together for answers stays.
    for (const part of kept) expect(part.chunks.pages.server?.texts.some((text) => text !== null)).toBe(true);
    const anew = after.parts.find((part) => !kept.includes(part)) as (typeof after.parts)[number];
    expect(edited.asked.sort()).toEqual([...anew.hashes].sort());
    expect(anew.flags.length).toBeLessThanOrEqual(400);
    expect(after.pool.predicates - made).toBe(anew.predicates.length);
    expect(evaluate(after, keyOf(5_000), prepare(after, { a: "a5000!" }, NOW))?.variant).toBe("on");
  });

  test("no slice reads more than one block, nor compiles more flags than one holds", () => {
    let compiled: CompiledSnapshot | null = null;
    for (const salt of ["", "!"]) {
      const flags = Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [keyOf(i), own(i, salt)]));
      const given = cutInto(snapshotOf({ flags }), cut);
      const work = usual(compiled, given);
      let made = compiled?.pool.predicates;
      for (let asked = 0; ; asked = given.asked.length) {
        const step = work.next();
        expect(given.asked.length - asked).toBeLessThanOrEqual(1);
        if (compiled !== null) expect(compiled.pool.predicates - (made ?? 0)).toBeLessThanOrEqual(5 * BLOCK_ENTRIES);
        made = compiled?.pool.predicates;
        if (!step.done) continue;
        compiled = step.value;
        break;
      }
      expect(given.asked).toHaveLength(given.blocks.length);
    }
  });

  test("small neighbours are one part, which a change keeps together", () => {
    const flags = Object.fromEntries(Array.from({ length: 600 }, (_, i) => [keyOf(i), flag()]));
    const first = cutInto(snapshotOf({ flags }), cut);
    const before = inOneGo(usual(null, first));
    expect([first.blocks.length, before.parts.length]).toEqual([4, 1]);
    const edited = { ...flags, [keyOf(7)]: flag([whenOn(is("x", "1"))]) };
    expect(inOneGo(usual(before, cutInto(snapshotOf({ flags: edited }), cut))).parts).toHaveLength(1);
  });

  test("a flag or segment that others refer to: only its own part, and those others see the change", () => {
    const flags = {
      a: flag([whenOn({ flag: "m", variants: ["on"] })]),
      b: flag([whenOn({ segment: "s" })]),
      c: flag([whenOn({ flag: "b", variants: ["on"] })]),
      m: flag([whenOn(is("x", "1"))]),
    };
    const segments = (...included: string[]) => ({ s: { by: "targetingKey", included, excluded: [] } });
    const divide = at(["flag/b", "flag/c", "flag/m", "segment/"]);
    let compiled = compiledFrom(null, cutInto(snapshotOf({ flags, segments: segments() }), divide));
    const context = { x: "2", targetingKey: "u" };
    const on = () =>
      [...compiled.flags.keys()].filter(
        (key) => evaluate(compiled, key, prepare(compiled, context, NOW))?.variant === "on",
      );
    const change = (more: Partial<Snapshot>) => {
      const version = cutInto(snapshotOf(more), divide);
      compiled = compiledFrom(compiled, version);
      return version.asked.map((text) => text.slice(0, text.indexOf("\t")));
    };
    expect(on()).toEqual([]);
    const met = { ...flags, m: flag([whenOn(is("x", "2"))]) };
    expect(change({ flags: met, segments: segments() })).toEqual(["flag/m"]);
    expect(on()).toEqual(["a", "m"]);
    expect(change({ flags: met, segments: segments("u") })).toEqual(["segment/s"]);
    expect(on()).toEqual(["a", "b", "c", "m"]);
    const circle = { ...met, m: flag([whenOn({ flag: "a", variants: ["on"] })]) };
    expect(change({ flags: circle, segments: segments("u") })).toEqual(["flag/m"]);
    expect(on()).toEqual(["b", "c"]);
    expect(change({ flags: met, segments: {} })).toEqual(["flag/m"]);
    expect(on()).toEqual(["a", "m"]);
  });

  test("a layer or holdout: the parts whose flags name it", () => {
    const inLayer = (layer: string) => {
      const one = flag([], { variant: "on" });
      return { ...one, state: { ...one.state, layer: { layer, from: 0, to: SPLIT_TOTAL } } };
    };
    const flags = { a: inLayer("l"), b: inLayer("k"), c: flag(), d: inLayer("l") };
    const divide = at(["flag/b", "flag/c", "flag/d", "layer/"]);
    const layers = (by: string) => ({ k: { by: "targetingKey", seed: "k" }, l: { by, seed: "l" } });
    const first = compiledFrom(null, cutInto(snapshotOf({ flags, layers: layers("targetingKey") }), divide));
    const version = cutInto(snapshotOf({ flags, layers: layers("company") }), divide);
    const next = compiledFrom(first, version);
    expect(version.asked.map((text) => text.slice(0, text.indexOf("\t"))).sort()).toEqual([
      "flag/a",
      "flag/d",
      "layer/k",
    ]);
    const outcome = evaluate(next, "a", prepare(next, { targetingKey: "u" }, NOW));
    expect(outcome).toMatchObject({ variant: "off", cause: "layer" });
  });

  test("what may be spent on searching is divided anew, and no part is compiled again for it", () => {
    const words = Array.from({ length: 1_000 }, (_, index) => `w${index}`);
    const flags = { a: flag([whenOn({ attribute: "t", op: "contains", values: ["needle"] })]), z: flag() };
    const greedy = { ...flags, z: flag([whenOn({ attribute: "u", op: "contains", values: words })]) };
    const divide = at(["flag/z"]);
    const context = { t: `${"x".repeat(60_000)}needle` };
    const said = (compiled: CompiledSnapshot) => evaluate(compiled, "a", prepare(compiled, context, NOW))?.variant;
    const first = compiledFrom(null, cutInto(snapshotOf({ flags }), divide));
    expect(said(first)).toBe("on");
    const version = cutInto(snapshotOf({ flags: greedy }), divide);
    const next = compiledFrom(first, version);
    expect(version.asked).toHaveLength(1);
    expect([said(next), said(first), said(next)]).toEqual(["off", "on", "off"]);
    expect(said(compiledFrom(next, cutInto(snapshotOf({ flags }), divide)))).toBe("on");
  });

  test("patterns beyond an environment's limit come and go with the flag that brings them", () => {
    const matches = (...values: string[]): Condition => ({ attribute: "t", op: "matches", values });
    const many = Array.from({ length: 200 }, (_, index) => `(?:a?b?){240}(?:z|q${index})`);
    const flags = { a: flag([whenOn(matches("(?:a?b?){241}z$"))]), z: flag() };
    const crowded = { ...flags, z: flag([whenOn(matches(...many))]) };
    const divide = at(["flag/z"]);
    const said = (compiled: CompiledSnapshot) => evaluate(compiled, "a", prepare(compiled, { t: "abz" }, NOW))?.variant;
    const first = compiledFrom(null, cutInto(snapshotOf({ flags }), divide));
    const next = compiledFrom(first, cutInto(snapshotOf({ flags: crowded }), divide));
    expect([said(first), said(next), first.patternsLeft]).toEqual(["on", "off", 0]);
    expect(next.patternsLeft).toBe(compile(snapshotOf({ flags: crowded }), re2).patternsLeft);
    expect(next.patternsLeft).toBeGreaterThan(50);
    const last = compiledFrom(next, cutInto(snapshotOf({ flags }), divide));
    expect([said(last), last.patternsLeft]).toEqual(["on", 0]);
  });
});

describe("what versions share", () => {
  const names = ({ pool: { shared, units, slots } }: CompiledSnapshot) => shared.size + units.size + slots.size;

  test("equal conditions of all parts are one predicate, and names of others are not kept", () => {
    const rules = (own: string) => [whenOn(is("plan", "pro"), "x"), whenOn(is("plan", own), "y")];
    const flags = Object.fromEntries(["a", "b", "c", "d"].map((key) => [key, flag(rules(key))]));
    const divide = at(["flag/b", "flag/c", "flag/d"]);
    const first = compiledFrom(null, cutInto(snapshotOf({ flags }), divide));
    expect(first.pool.predicates).toBe(5);
    expect([...first.pool.shared.values()].map(({ operand }) => operand)).toEqual(["pro"]);
    const edited = { ...flags, b: flag(rules("other")) };
    const next = compiledFrom(first, cutInto(snapshotOf({ flags: edited }), divide));
    expect(next.pool).toBe(first.pool);
    expect(next.pool.predicates).toBe(6);
  });

  test("thousands of changes leave no more names than are needed", () => {
    const divide = at(["flag/b"]);
    let compiled: CompiledSnapshot | null = null;
    let most = 0;
    for (let round = 0; round < 3_000; round++) {
      const condition: Condition = {
        any: [is("x", `v${round}`), { flag: `other${round}`, variants: ["on"] }, { segment: `s${round}` }],
      };
      const split: Serve = {
        split: [{ variant: "on", weight: SPLIT_TOTAL }],
        by: `by${round}`,
        algorithm: "blastdoor-1",
      };
      const flags = { a: flag([whenOn(condition)], split), b: flag([whenOn(condition)]) };
      compiled = compiledFrom(compiled, cutInto(snapshotOf({ flags }), divide));
      most = Math.max(most, names(compiled));
    }
    expect(most).toBeLessThanOrEqual(1_100);
  });

  test("slots are not numbered for ever: with very many, everything is compiled anew", () => {
    const flags = { a: flag([whenOn({ flag: "b", variants: ["on"] })]), b: flag([], { variant: "on" }) };
    const version = () => cutInto(snapshotOf({ flags }), at(["flag/b"]));
    const first = compiledFrom(null, version());
    first.pool.slotsGiven = 100_000;
    const next = compiledFrom(first, version());
    expect(next.pool.slotsGiven).toBe(1);
    for (const one of [first, next]) expect(evaluate(one, "a", prepare(one, {}, NOW))?.variant).toBe("on");
  });

  test("answers that are kept stay within their bound, however many parts and versions", () => {
    const arms = Array.from({ length: 50 }, (_, index) => `arm${index}`);
    const split = arms.map((variant) => ({ variant, weight: SPLIT_TOTAL / arms.length }));
    const wide = (seed: string): SnapshotFlag => ({
      ...flag([], { split, by: "targetingKey", algorithm: "blastdoor-1" }),
      seed,
      variants: Object.fromEntries(arms.map((arm) => [arm, `${arm} ${seed}`.padEnd(60_000, "x")])),
    });
    const keys = ["a", "b", "c", "d", "e"];
    let compiled: CompiledSnapshot | null = null;
    for (const salt of ["1", "2"]) {
      const flags = Object.fromEntries(keys.map((key) => [key, wide(key === "c" ? `c${salt}` : key)]));
      compiled = compiledFrom(compiled, cutInto(snapshotOf({ flags }), at(keys.map((key) => `flag/${key}`))));
      for (let user = 0; user < 150; user++)
        evaluateAll(compiled, prepare(compiled, { targetingKey: `u${user}` }, NOW), "server");
      const kept = compiled.parts.map(({ chunks }) => chunks.pages.server?.kept ?? 0);
      const sum = kept.reduce((total, one) => total + one, 0);
      expect(sum).toBeGreaterThan(6 * 2 ** 20);
      expect(sum).toBeLessThanOrEqual(8 * 2 ** 20);
    }
  });

  test("from blocks as from a whole snapshot: joined again, they compile alike", () => {
    fc.assert(
      fc.property(anySnapshot, anyContext, (snapshot, context) => {
        const { manifest, blocks } = cutInto(snapshot, at(["flag/f2", "segment/"]));
        const joined = joinBlocks(
          manifest,
          blocks.map((block) => block.documents()),
        );
        const who = [{ context, known: undefined }];
        expect(seen(compile(joined, re2), who)).toEqual(seen(compile(snapshot, re2), who));
      }),
      { numRuns: 100 },
    );
  });
});
