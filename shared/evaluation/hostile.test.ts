import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { SPLIT_TOTAL } from "../limits.ts";
import type { Condition } from "../schema/condition.ts";
import type { Rule, Serve } from "../schema/flag.ts";
import type { Snapshot, SnapshotFlag } from "../schema/snapshot.ts";
import { bucket } from "./bucketing/bucket.ts";
import { applyKills, compile } from "./compile/compile.ts";
import { explain } from "./explain/explain.ts";
import { re2 } from "./operators/regex/regex.ts";
import { evaluate, evaluateAll, prepare } from "./run/evaluate.ts";
import { anySnapshot, NOW } from "./testing/arbitraries.ts";

// Thousands of random cases on a busy machine: slow is not wrong.
vi.setConfig({ testTimeout: 60_000 });

const OFF: Serve = { variant: "off" };
const flag = (rules: Rule[], fallthrough: Serve = OFF): SnapshotFlag => ({
  variants: { on: true, off: false },
  offVariant: "off",
  visibility: "public",
  seed: "s",
  state: { enabled: true, prerequisites: [], rules, fallthrough },
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
const whenOn = (when: Condition): Rule[] => [{ id: "r", when, serve: { variant: "on" } }];

function served(snapshot: Snapshot, context: unknown, key = "f"): string | null | undefined {
  const compiled = compile(snapshot, re2);
  return evaluate(compiled, key, prepare(compiled, context, NOW))?.variant;
}

describe("evaluation is total", () => {
  test("any value whatever as a context, any snapshot", () => {
    fc.assert(
      fc.property(anySnapshot, fc.anything({ withNullPrototype: true, withBigInt: true }), (snapshot, context) => {
        const compiled = compile(snapshot, re2);
        JSON.parse(`[${evaluateAll(compiled, prepare(compiled, context, NOW), "server").flags}]`);
      }),
      { numRuns: 1_000 },
    );
  });

  test("attributes that throw when read are unknown", () => {
    const traps = new Proxy({}, { getOwnPropertyDescriptor: () => fail(), get: () => fail(), has: () => fail() });
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const getter = Object.defineProperty({}, "plan", { get: fail, enumerable: true });
    const inside = { plan: new Proxy([], { get: () => fail() }), targetingKey: revoked.proxy };
    const test = { attribute: "plan", op: "equals" as const, values: ["pro"] };
    const split: Serve = { split: [{ variant: "on", weight: 100_000 }], by: "plan", algorithm: "blastdoor-1" };
    const state = snapshotOf(
      {
        f: flag(whenOn({ any: [test, { ...test, negate: true }] })),
        split: flag([], split),
        segment: flag(whenOn({ segment: "s" })),
      },
      { s: { by: "plan", included: ["pro"], excluded: [] } },
    );
    for (const context of [traps, revoked.proxy, getter, inside])
      for (const key of Object.keys(state.flags)) expect(served(state, context, key)).toBe("off");
  });

  test("a regular expression engine that throws makes its test unknown", () => {
    const when: Condition = { attribute: "plan", op: "matches", values: ["x"], negate: true };
    const compiled = compile(snapshotOf({ f: flag(whenOn(when)) }), () => ({ cost: 1, search: fail }));
    expect(evaluate(compiled, "f", prepare(compiled, { plan: "x" }, NOW))?.variant).toBe("off");
  });

  test("dependency chains of any length neither overflow the stack nor turn anything on", () => {
    const length = 20_000;
    const flags: Record<string, SnapshotFlag> = {};
    for (let index = 0; index < length; index++) {
      const next: Condition = { flag: `f${index + 1}`, variants: ["on", "off"] };
      flags[`f${index}`] = flag(index === length - 1 ? whenOn({ all: [] }) : whenOn(next));
    }
    const compiled = compile(snapshotOf(flags), re2);
    const subject = prepare(compiled, {}, NOW);
    evaluateAll(compiled, subject, "server");
    expect(evaluate(compiled, "f0", subject)).toMatchObject({ variant: "off", cause: "blocked" });
    expect(evaluate(compiled, `f${length - 30}`, subject)).toMatchObject({ variant: "on", cause: "rule" });
  });

  test("segment chains of any length", () => {
    const segments: Snapshot["segments"] = {};
    for (let index = 0; index < 5_000; index++)
      segments[`s${index}`] = { by: "targetingKey", included: [], excluded: [], when: { segment: `s${index + 1}` } };
    const state = snapshotOf({ f: flag(whenOn({ segment: "s0" })) }, segments);
    expect(served(state, {})).toBe("off");
    expect(explain(state, [], {}, NOW, re2)[0]?.variant).toBe("off");
  });

  test("a diamond of dependencies is decided once per flag, not once per path", () => {
    const flags: Record<string, SnapshotFlag> = { f0: flag([], { variant: "on" }) };
    for (let index = 1; index <= 30; index++) {
      const below = `f${index - 1}`;
      flags[`f${index}`] = flag(
        whenOn({
          all: [
            {
              any: [
                { flag: below, variants: ["gone"] },
                { flag: below, variants: ["on"] },
              ],
            },
            { flag: below, variants: ["on", "gone"] },
          ],
        }),
      );
    }
    expect(served(snapshotOf(flags), {}, "f30")).toBe("on");
  });
});

describe("sizes that nobody would choose", () => {
  const arms = Array.from({ length: 50 }, (_, index) => `arm${index}`);

  test("a split of a thousand scattered ranges serves each unit the range that holds its bucket", () => {
    const piece = SPLIT_TOTAL / 1_000;
    const ranges = Array.from({ length: 1_000 }, (_, index) => ({
      variant: arms[(index * 7) % arms.length] as string,
      from: index * piece,
      to: (index + 1) * piece,
    }));
    const split = arms.map((variant) => ({ variant, weight: SPLIT_TOTAL / arms.length }));
    const served: Serve = { split, by: "targetingKey", algorithm: "blastdoor-1", ranges };
    const given = snapshotOf({
      f: { ...flag([], served), variants: Object.fromEntries(arms.map((arm) => [arm, true])) },
    });
    const compiled = compile(given, re2);
    for (let index = 0; index < 5_000; index++) {
      const key = `u${index}`;
      const owner = ranges.find(({ to }) => bucket("s", key) < to)?.variant;
      expect(evaluate(compiled, "f", prepare(compiled, { targetingKey: key }, NOW))?.variant).toBe(owner);
    }
  });

  test("answers of more text than is kept, with more results than a chunk holds, stay exact", () => {
    const split = arms.map((variant) => ({ variant, weight: SPLIT_TOTAL / arms.length }));
    const large = (seed: string): SnapshotFlag => ({
      ...flag([], { split, by: "targetingKey", algorithm: "blastdoor-1" }),
      seed,
      variants: Object.fromEntries(arms.map((arm) => [arm, `${arm} ${seed}`.padEnd(60_000, "x")])),
    });
    const small = flag([], { variant: "on" });
    // Four flags of fifty results of 60,000 characters: 12 million, of which a page keeps 8 at most.
    const given = snapshotOf({
      a: small,
      b: large("b"),
      c: large("c"),
      d: small,
      e: large("e"),
      f: large("f"),
      g: small,
    });
    const compiled = compile(given, re2);
    const etags = new Map<string, string>();
    for (let index = 0; index < 400; index++) {
      const subject = prepare(compiled, { targetingKey: `u${index % 200}` }, NOW);
      const { flags, etag } = evaluateAll(compiled, subject, "server");
      expect(flags).toBe(
        [...compiled.flags.keys()].map((key) => evaluate(compiled, key, subject)?.serverJson).join(","),
      );
      expect(etags.get(`u${index % 200}`) ?? etag).toBe(etag);
      etags.set(`u${index % 200}`, etag);
    }
  });

  test("hundreds of constant flags in a row, killed and restored one by one", () => {
    const keys = Array.from({ length: 300 }, (_, index) => `f${index}`);
    const compiled = compile(
      snapshotOf(Object.fromEntries(keys.map((key) => [key, flag([], { variant: "on" })]))),
      re2,
    );
    const answer = () => evaluateAll(compiled, prepare(compiled, {}, NOW), "client");
    const before = answer();
    for (const key of [keys[0], keys[31], keys[32], keys[299]] as string[]) {
      applyKills(compiled, [{ id: "k", flag: key, serve: "off", revision: 1 }]);
      const off = (JSON.parse(`[${answer().flags}]`) as { key: string; value: boolean }[]).filter((one) => !one.value);
      expect(off.map((one) => one.key)).toEqual([key]);
      expect(answer().etag).not.toBe(before.etag);
      applyKills(compiled, []);
      expect(answer()).toEqual(before);
    }
  });

  test("a version is refused at first sight only where all of it would be, as under `not` it must be read", () => {
    const number = fc.oneof(fc.nat(3), fc.nat(), fc.constantFrom(999_999_999, 4_294_967_297, 999_999_999_999_999));
    const bound = fc.tuple(number, number, number).map((parts) => parts.join("."));
    const text = fc.oneof(bound, fc.stringMatching(/^\d{0,12}(\.\d{0,2}){0,3}(-[\da-z.]{0,3})?$/), fc.string());
    const op = fc.constantFrom("semver_eq", "semver_gt", "semver_gte", "semver_lt", "semver_lte");
    fc.assert(
      fc.property(op, bound, text, (op, value, v) => {
        const when: Condition = { attribute: "v", op, values: [value] };
        const flags = { f: flag(whenOn(when)), g: flag(whenOn({ not: { not: when } })) };
        const [, other] = explain(snapshotOf(flags), [], { v }, NOW, re2);
        expect([served(snapshotOf(flags), { v }), served(snapshotOf(flags), { v }, "g")]).toEqual([
          other?.variant,
          other?.variant,
        ]);
      }),
      { numRuns: 3_000 },
    );
  });

  test("names made to be taken for one another are not", () => {
    const is = (attribute: string, ...values: string[]): Condition => ({ attribute, op: "equals", values });
    const pairs: [Condition, Condition][] = [
      [is('a\n["x"]', "y"), is("a", "x", "y")],
      [is("!a", "x"), { ...is("a", "x"), negate: true }],
      [is("~ a", "x"), { ...is("a", "x"), ignoreCase: true }],
      [{ all: [is("a", "1"), is("b", "2")] }, { any: [is("a", "1"), is("b", "2")] }],
      [is("a", "1"), { attribute: "a", op: "equals", values: [1] }],
    ];
    for (const [index, [one, other]] of pairs.entries()) {
      const given = snapshotOf({ f: flag(whenOn(one)), g: flag(whenOn(other)) });
      for (const context of [
        { a: "x" },
        { a: "X" },
        { a: "1" },
        { a: 1 },
        { 'a\n["x"]': "y" },
        { "!a": "x" },
        { b: "2" },
      ]) {
        const wanted = explain(given, [], context, NOW, re2).map(({ variant }) => variant);
        expect([served(given, context), served(given, context, "g")], `pair ${index}`).toEqual(wanted);
      }
    }
  });
});

describe("names that reach prototypes are ordinary attributes", () => {
  test.each(["__proto__", "constructor", "toString", "hasOwnProperty", "__proto__.plan", "constructor.prototype"])(
    "%s",
    (attribute) => {
      const state = snapshotOf({ f: flag(whenOn({ attribute, op: "exists" })) });
      expect(served(state, {})).toBe("off");
      expect(served(state, Object.create({ plan: 1, toString: 1 }))).toBe("off");
    },
  );

  test("what a context says under __proto__ is found there and nowhere else", () => {
    const context = JSON.parse('{"__proto__": {"plan": "pro"}, "constructor": {"prototype": {"plan": "pro"}}}');
    const exists = (attribute: string) => served(snapshotOf({ f: flag(whenOn({ attribute, op: "exists" })) }), context);
    expect(exists("plan")).toBe("off");
    expect(exists("__proto__.plan")).toBe("on");
    expect(({} as { plan?: string }).plan).toBeUndefined();
  });

  test("inherited attributes do not count", () => {
    const when: Condition = { attribute: "plan", op: "equals", values: ["pro"] };
    expect(served(snapshotOf({ f: flag(whenOn(when)) }), Object.create({ plan: "pro" }))).toBe("off");
  });

  test("flags, segments and variants of such names do not exist", () => {
    for (const name of ["constructor", "toString", "__proto__"]) {
      const when: Condition = { any: [{ segment: name }, { flag: name, variants: [name] }] };
      const state = snapshotOf({ f: flag(whenOn(when)), g: flag([], { variant: name }) });
      expect(served(state, {})).toBe("off");
      expect(served(state, {}, "g")).toBeNull();
      expect(served(state, {}, name)).toBeUndefined();
    }
  });
});

function fail(): never {
  throw new Error("hostile");
}
