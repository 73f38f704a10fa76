import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile } from "../evaluation/compile/compile.ts";
import { re2 } from "../evaluation/operators/regex/regex.ts";
import { evaluate, prepare } from "../evaluation/run/evaluate.ts";
import { anyWeights } from "../evaluation/testing/arbitraries.ts";
import { ownOf } from "../own.ts";
import type { Condition } from "../schema/condition.ts";
import { type Snapshot, snapshot as snapshotSchema } from "../schema/snapshot.ts";
import { type Reach, reachIfOn, reachInSlices, reachOf } from "./reach.ts";
import { ReachEffort } from "./reach-cases.ts";
import type { ReachWorld } from "./reach-world.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");

const worldOf = ({ flags, segments, layers, holdouts, kills }: Snapshot): ReachWorld => ({
  flag: (key) => {
    const flag = ownOf(flags, key);
    return flag && { ...flag, variants: Object.keys(flag.variants) };
  },
  segment: (key) => {
    const segment = ownOf(segments, key);
    return segment && { when: segment.when, included: segment.included, listed: segment.list?.count ?? 0 };
  },
  layer: (key) => ownOf(layers, key),
  holdout: (key) => ownOf(holdouts, key),
  kills: (key) => kills.filter(({ flag }) => flag === key),
});

const made = (over: object): Snapshot =>
  snapshotSchema.parse({
    ...{ minReader: 1, project: "p", environment: "e", epoch: 1, revision: 1 },
    ...{ flags: {}, segments: {}, layers: {}, holdouts: {}, keys: [], kills: [] },
    ...over,
  });
const flag = (state: object, over: object = {}) => ({
  ...{ variants: { off: false, on: true, blue: "b" }, offVariant: "off", visibility: "public", seed: "f" },
  state: { enabled: true, fallthrough: { variant: "off" }, ...state },
  ...over,
});
const split = (on: number, by = "targetingKey") => ({
  split: [
    { variant: "on", weight: on },
    { variant: "off", weight: 100_000 - on },
  ],
  by,
});
const everybody = { all: [] };
const isStaff = { attribute: "email", op: "ends_with", values: ["@corp"] };
const reach = (snapshot: Snapshot, key = "f"): Reach => reachOf(worldOf(snapshot), key, NOW) as Reach;

describe("by hand", () => {
  test("staff and 20 %: the share of everybody else, and staff as a group", () => {
    const rules = [
      { id: "r1", when: { segment: "staff" }, serve: { variant: "on" } },
      { id: "r2", when: everybody, serve: split(20_000) },
    ];
    const segments = { staff: { when: isStaff, included: [], excluded: [], by: "targetingKey" } };
    expect(reach(made({ flags: { f: flag({ rules }) }, segments }))).toMatchObject({
      share: 0.2,
      groups: [{ rule: "r1", segments: ["staff"], share: 1 }],
      steps: [{ cause: { by: "rule", rule: "r2" }, share: 1 }],
    });
  });

  test("a layer and a holdout narrow what the rules would reach, groups too", () => {
    const state = {
      holdout: "h",
      layer: { layer: "l", from: 0, to: 50_000 },
      rules: [{ id: "r1", when: isStaff, serve: { variant: "on" } }],
      fallthrough: { variant: "on" },
    };
    const snapshot = made({
      flags: { f: flag(state) },
      layers: { l: { by: "targetingKey", seed: "l" } },
      holdouts: { h: { by: "targetingKey", seed: "h", share: 10_000 } },
    });
    expect(reach(snapshot)).toMatchObject({ share: 0.45, groups: [{ share: 0.45 }] });
    expect(reach(snapshot).steps.map(({ cause, share }) => [cause.by, share])).toEqual([
      ["holdout", 0.1],
      ["layer", 0.45],
      ["fallthrough", 0.45],
    ]);
  });

  test("a prerequisite of the same seed is the same bucket: 20 % of those within 50 % are 20 %, not 10 %", () => {
    const needs = { prerequisites: [{ flag: "g", variants: ["on"] }] };
    const flags = (seed: string) => ({
      f: flag({ ...needs, fallthrough: split(20_000) }),
      g: flag({ fallthrough: split(50_000) }, { seed }),
    });
    expect(reach(made({ flags: flags("f") })).share).toBe(0.2);
    expect(reach(made({ flags: flags("g") })).share).toBe(0.1);
  });

  test("a prerequisite that is off or killed reaches nobody", () => {
    const f = flag({ prerequisites: [{ flag: "g", variants: ["on"] }], fallthrough: { variant: "on" } });
    const g = flag({ fallthrough: { variant: "on" } });
    expect(reach(made({ flags: { f, g } })).share).toBe(1);
    expect(reach(made({ flags: { f, g: flag({ enabled: false }) } })).share).toBe(0);
    const kills = [{ id: "k", flag: "g", serve: "on", revision: 1 }];
    expect(reach(made({ flags: { f, g }, kills })).share).toBe(0);
  });

  test("rules count in order: what stands behind the rule for everybody reaches nobody, expired and paused ones too", () => {
    const on = { serve: { variant: "on" } };
    const rules = [
      { id: "r1", when: everybody, ...on, paused: true },
      { id: "r2", when: isStaff, ...on, expiresAt: "2026-11-22T11:59:59Z" },
      { id: "r3", when: everybody, serve: split(5_000) },
      { id: "r4", when: isStaff, ...on },
    ];
    expect(reach(made({ flags: { f: flag({ rules }) } }))).toMatchObject({ share: 0.05, groups: [] });
  });

  test("what switching on would bring is reckoned without changing what is", () => {
    const snapshot = made({
      flags: { f: flag({ enabled: false, fallthrough: split(20_000) }) },
      kills: [{ id: "k", flag: "f", serve: "off", revision: 1 }],
    });
    expect(reach(snapshot).share).toBe(0);
    expect(reachIfOn(worldOf(snapshot), "f", NOW)?.share).toBe(0.2);
  });

  test("flags that require each other are reckoned like those that evaluation refuses", () => {
    const needs = (other: string) =>
      flag({ prerequisites: [{ flag: other, variants: ["on"] }], fallthrough: { variant: "on" } });
    expect(reach(made({ flags: { f: needs("g"), g: needs("f") } })).share).toBe(0);
  });
});

test("flags that test each other many times are reckoned, or given up, without an end that nobody sees", () => {
  const DEEP = 12;
  const name = (n: number) => (n === 0 ? "f" : `f${n}`);
  const entangled = (serve: object) =>
    made({
      flags: Object.fromEntries(
        Array.from({ length: DEEP }, (_, n) => {
          const next = { flag: name(n + 1), variants: ["on"] };
          const rules = Array.from({ length: 8 }, (_, at) => ({ id: `r${at}`, when: { any: [next, next] }, serve }));
          const tests = n + 1 === DEEP ? {} : { prerequisites: [next], rules };
          return [name(n), flag({ ...tests, fallthrough: serve }, { seed: name(n) })];
        }),
      ),
    });
  expect(reach(entangled({ variant: "on" })).share).toBe(1);
  const split50 = reachOf(worldOf(entangled(split(50_000))), "f", NOW);
  expect(split50 === null || (split50.share >= 0 && split50.share <= 1)).toBe(true);
});

describe("flags whose splits have many parts", () => {
  const PARTS = 40;
  const variants = Array.from({ length: PARTS }, (_, n) => [`v${n}`, n]);
  const odd = variants.flatMap(([name], n) => (n % 2 ? [name] : []));
  const parts = (by: string) => ({ by, split: variants.map(([variant]) => ({ variant, weight: 100_000 / PARTS })) });
  const over = (seed: string) => ({ seed, variants: Object.fromEntries(variants), offVariant: "v0" });
  const tests = (key: string) => ({ flag: key, variants: odd });
  const asks = (seed: string, ...keys: string[]) => {
    const rules = [{ id: "r", when: { all: keys.map(tests) }, serve: { variant: "v1" } }];
    return flag({ rules, fallthrough: { variant: "v0" } }, over(seed));
  };
  const leaves = Object.fromEntries(
    ["a", "b", "c", "d"].map((key) => [key, flag({ fallthrough: parts(key) }, over(key))]),
  );
  // 1,600 cases each, and their product for both.
  const both = { x: asks("x", "a", "b"), y: asks("y", "c", "d") };
  const tangle = (key: string) => asks(key, "x", "y", "x", "y", "a", "b", "c", "d");

  /** Cases and conditions that reckoning these flags takes of a list's effort. */
  const spentOn = (snapshot: Snapshot, keys: readonly string[]) => {
    const list = ReachEffort.ofList();
    const all = list.left;
    const found = keys.map((key) => reachOf(worldOf(snapshot), key, NOW, list));
    return { found, spent: all - list.left };
  };

  test("are given up after a bounded effort", () => {
    const { found, spent } = spentOn(made({ flags: { ...leaves, ...both, f: tangle("f") } }), ["f"]);
    expect(found).toEqual([null]);
    expect(spent).toBeLessThan(60_000);
  });

  test("take no more of a list than the list has, and leave plain flags of a fresh one theirs", () => {
    const keys = Array.from({ length: 60 }, (_, n) => `f${n}`);
    const flags = { ...leaves, ...both, ...Object.fromEntries(keys.map((key) => [key, tangle(key)])) };
    const { spent } = spentOn(made({ flags }), keys);
    expect(spent).toBeLessThanOrEqual(1_000_000);
    expect(spentOn(made({ flags }), ["a"]).found[0]?.share).toBeCloseTo(1 - 1 / PARTS);
  });
});

test("a flag behind which thousands of others stand is given up before all are looked at", () => {
  const { f: leaf } = made({ flags: { f: flag({ fallthrough: split(50_000) }) } }).flags as Snapshot["flags"];
  const one = { ...(leaf as Snapshot["flags"][string]), variants: ["off", "on"] };
  const prerequisites = Array.from({ length: 30_000 }, (_, n) => ({ flag: `leaf${n}`, variants: ["on"] }));
  const looked = new Set<string>();
  const world: ReachWorld = {
    ...worldOf(made({})),
    flag(key) {
      looked.add(key);
      return key === "f" ? { ...one, state: { ...one.state, prerequisites } } : one;
    },
  };
  expect(reachOf(world, "f", NOW)).toBeNull();
  expect(looked.size).toBeLessThan(25_000);
});

test("segments that mention each other many times are looked at once each", () => {
  const DEEP = 60;
  let asked = 0;
  const segments = Object.fromEntries(
    Array.from({ length: DEEP }, (_, n) => {
      const next = { segment: `s${n + 1}` };
      const when = n + 1 === DEEP ? isStaff : { any: [next, next, next] };
      return [`s${n}`, { by: "targetingKey", included: [], excluded: [], when }];
    }),
  );
  const rules = [{ id: "r", when: { segment: "s0" }, serve: { variant: "on" } }];
  const world = worldOf(made({ flags: { f: flag({ rules }) }, segments }));
  const counting: ReachWorld = {
    ...world,
    segment: (key) => {
      asked++;
      return world.segment(key);
    },
  };
  expect(reachOf(counting, "f", NOW)).toMatchObject({ share: 0, groups: [{ segments: ["s0"], share: 1 }] });
  expect(asked).toBeLessThan(3 * DEEP);
});

// Users of whom nothing but the attributes that bucket is known, evaluated one by one.

const BYS = ["targetingKey", "account"];
const serve = fc.oneof(
  fc.record({ variant: fc.constantFrom("off", "on", "blue", null) }),
  fc.record({ split: anyWeights(["off", "on", "blue"]), by: fc.constantFrom(...BYS) }),
);
const FLAGS = ["f", "g", "h"];
/** A flag tests only those after it, so that most snapshots have no circles. */
const conditionOf = (later: readonly string[]): fc.Arbitrary<Condition> => {
  const leaf: fc.Arbitrary<Condition> = fc.oneof(
    fc.constant<Condition>({ all: [] }),
    fc.constant<Condition>({ any: [] }),
    fc.constantFrom<Condition>({ segment: "few" }, { segment: "crew" }, { segment: "none" }, { segment: "gone" }),
    fc.constant<Condition>({ attribute: "crew", op: "equals", values: ["a"] } as Condition),
    ...(later.length > 0
      ? [fc.record({ flag: fc.constantFrom(...later), variants: fc.constantFrom<string[]>(["on"], ["off", "blue"]) })]
      : []),
  );
  return fc.oneof(
    { weight: 2, arbitrary: leaf },
    { weight: 1, arbitrary: fc.record({ all: fc.array(leaf, { maxLength: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ any: fc.array(leaf, { maxLength: 3 }) }) },
    { weight: 1, arbitrary: fc.constantFrom<Condition>({ not: { segment: "few" } }, { not: { segment: "crew" } }) },
  );
};
const flagOf = (index: number) => {
  const later = FLAGS.slice(index + 1);
  return fc
    .record({
      offVariant: fc.constantFrom("off", "off", "off", null),
      seed: fc.constantFrom("one", "two", FLAGS[index] ?? ""),
      enabled: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
      prerequisites:
        later.length === 0
          ? fc.constant([])
          : fc.array(fc.record({ flag: fc.constantFrom(...later), variants: fc.constantFrom(["on"], ["on", "off"]) }), {
              maxLength: 2,
            }),
      holdout: fc.constantFrom(undefined, undefined, "h", "gone"),
      layer: fc.constantFrom(
        undefined,
        undefined,
        { layer: "l", from: 20_000, to: 90_000 },
        { layer: "gone", from: 0, to: 5 },
      ),
      rules: fc.array(
        fc.record(
          {
            when: conditionOf(later),
            serve,
            paused: fc.boolean(),
            expiresAt: fc.constantFrom("2026-11-22T12:00:00Z", "2026-11-22T12:00:00.001Z"),
          },
          { requiredKeys: ["when", "serve"] },
        ),
        { maxLength: 4 },
      ),
      fallthrough: serve,
    })
    .map(({ offVariant, seed, rules, ...state }) =>
      flag({ ...state, rules: rules.map((rule, at) => ({ id: `r${at}`, ...rule })) }, { offVariant, seed }),
    );
};
const kill = fc.record(
  {
    ...{ id: fc.uuid(), flag: fc.constantFrom(...FLAGS), revision: fc.nat(3) },
    ...{ variant: fc.constantFrom("on", "off"), serve: fc.constantFrom("blue", "off", null) },
  },
  { requiredKeys: ["id", "flag", "serve", "revision"] },
);
const anyEnvironment = fc
  .record({
    f: flagOf(0),
    g: flagOf(1),
    h: flagOf(2),
    kills: fc.oneof(fc.constant([]), fc.array(kill, { maxLength: 2 })),
  })
  .map(({ kills, ...flags }) =>
    made({
      flags,
      kills,
      segments: {
        few: { by: "targetingKey", included: ["nobody"], excluded: [] },
        crew: {
          by: "targetingKey",
          included: [],
          excluded: [],
          when: { attribute: "crew", op: "equals", values: ["a"] },
        },
        none: { by: "targetingKey", included: [], excluded: [] },
      },
      // Of the seed that flags may have, too: then layer and split look at the same bucket.
      layers: { l: { by: "targetingKey", seed: "one" } },
      holdouts: { h: { by: "account", seed: "two", share: 20_000 } },
    }),
  );

const USERS = 2_500;
/** Five standard deviations of a share counted over so many users: once in millions by chance. */
const FIVE_SIGMA = 5 * Math.sqrt(0.25 / USERS);

test("the shares are those of users who are evaluated one by one", () => {
  fc.assert(
    fc.property(anyEnvironment, fc.constantFrom(...FLAGS), (snapshot, key) => {
      const compiled = compile(snapshot, re2);
      const counts = new Map<string | null, number>();
      for (let n = 0; n < USERS; n++) {
        const context = { targetingKey: `user-${n}`, account: `account-${n * 7}` };
        const variant = evaluate(compiled, key, prepare(compiled, context, NOW))?.variant ?? null;
        counts.set(variant, (counts.get(variant) ?? 0) + 1);
      }
      const { served, share, steps } = reach(snapshot, key);
      for (const variant of [null, "off", "on", "blue"]) {
        const reckoned = served.find((one) => one.variant === variant)?.share ?? 0;
        expect(Math.abs(reckoned - (counts.get(variant) ?? 0) / USERS)).toBeLessThan(FIVE_SIGMA);
      }
      const off = snapshot.flags[key]?.offVariant ?? null;
      const reached = served.filter(({ variant }) => variant !== null && variant !== off);
      expect(share).toBeCloseTo(
        reached.reduce((sum, one) => sum + one.share, 0),
        6,
      );
      expect(steps.reduce((sum, one) => sum + one.share, 0)).toBeCloseTo(1, 6);
    }),
    { numRuns: 150 },
  );
});

test("a group's share is that of its users, through the same gates", () => {
  fc.assert(
    fc.property(anyEnvironment, fc.uniqueArray(serve, { minLength: 1, maxLength: 3 }), (snapshot, serves) => {
      const rules = serves.map((one, at) => ({
        id: `group-${at}`,
        when: { attribute: "team", op: "equals", values: [`team-${at}`] },
        serve: one,
      }));
      const { f } = snapshot.flags as { f: Snapshot["flags"][string] };
      const grouped = made({ ...snapshot, flags: { ...snapshot.flags, f: { ...f, state: { ...f.state, rules } } } });
      const compiled = compile(grouped, re2);
      const { groups } = reach(grouped);
      expect(groups.map(({ rule }) => rule)).toEqual(rules.map(({ id }) => id));
      for (const [at, { share }] of groups.entries()) {
        let reached = 0;
        for (let n = 0; n < USERS; n++) {
          const context = { targetingKey: `user-${n}`, account: `account-${n * 7}`, team: `team-${at}` };
          const variant = evaluate(compiled, "f", prepare(compiled, context, NOW))?.variant ?? null;
          if (variant !== null && variant !== f.offVariant) reached++;
        }
        expect(Math.abs(share - reached / USERS)).toBeLessThan(FIVE_SIGMA);
      }
    }),
    { numRuns: 60 },
  );
});

test("what takes long is reckoned in slices, to the same answer", () => {
  const names = Array.from({ length: 20 }, (_, n) => `v${n}`);
  const split = { split: names.map((variant) => ({ variant, weight: 5_000 })) };
  const variants = { off: false, on: true, ...Object.fromEntries(names.map((name) => [name, name])) };
  const rules = Array.from({ length: 100 }, (_, n) => ({
    ...{ id: `r${n}`, serve: split },
    when: { attribute: "plan", op: "equals", values: [`p${n}`] },
  }));
  const few = reachInSlices(worldOf(made({ flags: { f: flag({}) } })), "f", NOW);
  expect(few.next().done).toBe(true);
  const world = worldOf(made({ flags: { f: flag({ rules }, { variants }) } }));
  const slices = reachInSlices(world, "f", NOW);
  let pauses = 0;
  let step = slices.next();
  for (; !step.done; step = slices.next()) pauses++;
  expect(pauses).toBeGreaterThan(1);
  expect(step.value).toEqual(reachOf(world, "f", NOW));
});
