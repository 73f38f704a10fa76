import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crc32 } from "../../hashing/crc32.ts";
import { fnv1aBytes, fnv1aDecimal, fnv1aUnits } from "../../hashing/fnv.ts";
import { md5 } from "../../hashing/md5.ts";
import { murmur3LowBytes, murmur3Overlapping } from "../../hashing/murmur3-units.ts";
import { sha1Start } from "../../hashing/sha1.ts";
import { sha256Start } from "../../hashing/sha256.ts";
import { BUCKET_ALGORITHMS } from "../../schema/bucket.ts";
import type { Condition } from "../../schema/condition.ts";
import { type Snapshot, snapshot as snapshotSchema } from "../../schema/snapshot.ts";
import { bucket, murmur3 } from "../bucketing/bucket.ts";
import vectors from "../cases/algorithms.json" with { type: "json" };
import { compile, DialectsMissing } from "../compile/compile.ts";
import { explain } from "../explain/explain.ts";
import { re2 } from "../operators/regex/regex.ts";
import { evaluate, prepare } from "../run/evaluate.ts";
import { dialects, placeOf } from "./dialects.ts";

const hex = (...words: number[]) => words.map((word) => word.toString(16).padStart(8, "0")).join("");
const lengths = [
  "",
  "a",
  "abc",
  "ü€𝄞",
  ..."55 56 57 63 64 65 119 120 1000".split(" ").map((n) => "x".repeat(Number(n))),
];
const texts = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.string({ unit: "grapheme", maxLength: 50 }),
  fc.constantFrom(...lengths),
);
const digest = (algorithm: string, text: string) => createHash(algorithm).update(text).digest("hex");

test("hashes are those of the platform", () => {
  const wellFormed = texts.filter((text) => !/\p{Surrogate}/u.test(text));
  fc.assert(
    fc.property(wellFormed, (text) => {
      expect(hex(...md5(text))).toBe(digest("md5", text));
      expect(hex(...sha1Start(text))).toBe(digest("sha1", text).slice(0, 16));
      expect(hex(...sha256Start(text))).toBe(digest("sha256", text).slice(0, 16));
    }),
  );
  // Published check values.
  expect(crc32("123456789")).toBe(0xcbf43926);
  fc.assert(
    fc.property(fc.nat(), (number) => {
      for (const one of [number, number * 2 + 1]) expect(fnv1aDecimal(one)).toBe(fnv1aUnits(String(one)));
    }),
  );
  expect([fnv1aBytes("foobar"), fnv1aUnits("foobar")]).toEqual([0xbf9cf968, 0xbf9cf968]);
});

test("MurmurHash3 of units is the usual one on ASCII", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme-ascii" }), fc.nat(), (text, seed) => {
      expect(murmur3LowBytes(text, seed)).toBe(murmur3(text, seed) >>> 0);
      expect(murmur3Overlapping(text)).toBe(murmur3(text, 0) >>> 0);
    }),
  );
});

describe("each algorithm has vectors", () => {
  test.each(BUCKET_ALGORITHMS)("%s", (algorithm) => {
    const own = vectors.filter((one) => one.algorithm === algorithm);
    expect(own.length).toBeGreaterThan(1);
    for (const { seed, positions, value, position, source } of own) {
      const at = placeOf({ by: "k", algorithm, seed, positions: positions ?? undefined, from: 0, to: 1 })(value);
      expect([source, value, Number.isNaN(at) ? null : at]).toEqual([source, value, position]);
    }
  });
});

function snapshotOf(when: Condition): Snapshot {
  const state = {
    enabled: true,
    rules: [{ id: "r", when, serve: { variant: "on" } }],
    fallthrough: { variant: "off" },
  };
  const flag = { variants: { on: true, off: false }, offVariant: "off", visibility: "public", seed: "f", state };
  const head = { minReader: 1, project: "p", environment: "e", epoch: 1, revision: 1 };
  return snapshotSchema.parse({
    ...head,
    flags: { f: flag },
    segments: {},
    layers: {},
    holdouts: {},
    keys: [],
    kills: [],
  });
}

const share = (by: string, from: number, to: number): Condition => ({
  bucket: { by, algorithm: "blastdoor-1", seed: ["f"], from, to },
});

test("a bucket condition holds for those who stand between its ends", () => {
  const compiled = compile(snapshotOf(share("targetingKey", 20_000, 70_000)), re2, dialects);
  for (let user = 0; user < 500; user++) {
    const targetingKey = `u${user}`;
    const at = bucket("f", targetingKey);
    const on = evaluate(compiled, "f", prepare(compiled, { targetingKey }, 0))?.value;
    expect([targetingKey, on]).toEqual([targetingKey, at >= 20_000 && at < 70_000]);
  }
  expect(evaluate(compiled, "f", prepare(compiled, {}, 0))?.value).toBe(false);
});

const anyValue = fc.oneof(
  fc.constantFrom<unknown>("u1", "18", "", "x", null, true, false, 0, 7, [], ["u1"], {}, { toString: 1 }),
  fc.string(),
);
const anyLeaf: fc.Arbitrary<Condition> = fc.oneof(
  fc
    .record({ from: fc.nat(50_000), to: fc.integer({ min: 50_001, max: 100_000 }) })
    .map(({ from, to }) => share("k", from, to)),
  fc
    .constantFrom(...BUCKET_ALGORITHMS)
    .map((algorithm) => ({ bucket: { by: "k", algorithm, seed: ["s", "1"], positions: 100, from: 0, to: 50 } })),
  fc.constantFrom<Condition>(
    { attribute: "k", op: "equals", values: ["18", 7] },
    { attribute: "k", op: "gte", values: [7], as: "number" },
    { attribute: "k", op: "contains", values: ["1"], as: "text" },
    { attribute: "k", op: "equals", values: [true], as: "truthy" },
    { attribute: "k", op: "in", values: ["array", "object"], as: "kind" },
    { now: { from: "1970-01-01T00:00:01Z" } },
    { now: { before: "1970-01-01T00:00:01Z" } },
  ),
);
const anyCondition = fc.letrec<{ one: Condition }>((tie) => ({
  one: fc.oneof(
    { maxDepth: 3 },
    anyLeaf,
    tie("one").map((unless) => ({ unless })),
    fc.array(tie("one"), { maxLength: 3 }).map((all) => ({ all })),
    fc.array(tie("one"), { maxLength: 3 }).map((any) => ({ any })),
  ),
})).one;

test("the compiled conditions say what the slow interpreter says", () => {
  fc.assert(
    fc.property(
      anyCondition,
      fc.record({ k: anyValue }, { requiredKeys: [] }),
      fc.constantFrom(0, 5_000),
      (when, context, now) => {
        const snapshot = snapshotOf(when);
        const compiled = compile(snapshot, re2, dialects);
        const own = evaluate(compiled, "f", prepare(compiled, context, now))?.variant;
        expect(own).toBe(explain(snapshot, [], context, now, re2)[0]?.variant);
      },
    ),
    { numRuns: 2_000 },
  );
});

test("what has no third value is true where the other is unknown", () => {
  const compiled = compile(snapshotOf({ unless: { attribute: "plan", op: "equals", values: ["pro"] } }), re2);
  const on = (context: object) => evaluate(compiled, "f", prepare(compiled, context, 0))?.value;
  expect([on({}), on({ plan: 7 }), on({ plan: "free" }), on({ plan: "pro" })]).toEqual([true, true, true, false]);
});

test("an edge that lacks what a snapshot needs refuses it, and says so only where loading helps", () => {
  expect(() => compile(snapshotOf(share("k", 0, 1)), re2)).toThrow(DialectsMissing);
  const native = { attribute: "plan", op: "equals" as const, values: ["pro"] };
  expect(() => compile(snapshotOf(native), re2)).not.toThrow();
  // As snapshots of later versions come: they are read without their schema.
  const later = snapshotOf(native) as unknown as { flags: { f: { state: { rules: { when: unknown }[] } } } };
  const first = later.flags.f.state.rules[0] as { when: unknown };
  for (const when of [
    { bucket: { by: "k", algorithm: "later-1", seed: [], from: 0, to: 1 } },
    { attribute: "k", op: "equals", values: ["x"], as: "later" },
    { later: {} },
  ]) {
    first.when = when;
    expect(() => compile(later as unknown as Snapshot, re2, dialects)).toThrow();
  }
});
