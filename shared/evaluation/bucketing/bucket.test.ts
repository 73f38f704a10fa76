import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { SPLIT_TOTAL } from "../../limits.ts";
import type { Range, Rule, Serve } from "../../schema/flag.ts";
import type { Snapshot } from "../../schema/snapshot.ts";
import { compile } from "../compile/compile.ts";
import { re2 } from "../operators/regex/regex.ts";
import { evaluate, prepare } from "../run/evaluate.ts";
import { anyWeights } from "../testing/arbitraries.ts";
import { allocate } from "./allocate.ts";
import { below, bucket, bucketOf, hashAt, murmur3, seedHash, unitHash } from "./bucket.ts";

// Thousands of random cases on a busy machine: slow is not wrong.
vi.setConfig({ testTimeout: 60_000 });

const ARMS = ["a", "b", "c", "d", "e"];
const sizes = (ranges: readonly Range[]) => {
  const owned: Record<string, number> = {};
  for (const { variant, from, to } of ranges) owned[variant] = (owned[variant] ?? 0) + to - from;
  return owned;
};

/** Parts that change hands, and the pairs of arms between which they do. */
function moved(before: readonly Range[], after: readonly Range[]) {
  let parts = 0;
  const pairs: { from: string; to: string }[] = [];
  for (const one of before) {
    for (const two of after) {
      const overlap = Math.min(one.to, two.to) - Math.max(one.from, two.from);
      if (overlap <= 0 || one.variant === two.variant) continue;
      parts += overlap;
      pairs.push({ from: one.variant, to: two.variant });
    }
  }
  return { parts, pairs };
}

describe("laws of splits", () => {
  const history = fc.array(anyWeights(ARMS), { minLength: 2, maxLength: 12 });

  test("a weight edit moves exactly the sum of increases, only from shrinking to growing arms", () => {
    fc.assert(
      fc.property(history, (edits) => {
        let ranges: Range[] | undefined;
        for (const split of edits) {
          const next = allocate(split, ranges);
          if (ranges) {
            const was = sizes(ranges);
            const growth = new Map(split.map((arm) => [arm.variant, arm.weight - (was[arm.variant] ?? 0)]));
            const { parts, pairs } = moved(ranges, next);
            expect(parts).toBe([...growth.values()].reduce((sum, by) => sum + Math.max(0, by), 0));
            for (const pair of pairs) {
              expect(growth.get(pair.from)).toBeLessThan(0);
              expect(growth.get(pair.to)).toBeGreaterThan(0);
            }
          }
          ranges = next;
        }
      }),
    );
  });

  test("ranges tile all parts, give each arm its weight, and are normalised", () => {
    fc.assert(
      fc.property(history, (edits) => {
        let ranges: Range[] | undefined;
        for (const split of edits) {
          ranges = allocate(split, ranges);
          let next = 0;
          let last = "";
          for (const range of ranges) {
            expect(range.from).toBe(next);
            expect(range.to).toBeGreaterThan(range.from);
            expect(range.variant).not.toBe(last);
            next = range.to;
            last = range.variant;
          }
          expect(next).toBe(SPLIT_TOTAL);
          expect(sizes(ranges)).toEqual(
            Object.fromEntries(split.filter((arm) => arm.weight > 0).map((arm) => [arm.variant, arm.weight])),
          );
        }
      }),
    );
  });

  test("arms may come and go: those removed give everything up, the others keep what they had", () => {
    const before = allocate([
      { variant: "a", weight: 50_000 },
      { variant: "b", weight: 50_000 },
    ]);
    const after = allocate(
      [
        { variant: "a", weight: 50_000 },
        { variant: "c", weight: 50_000 },
      ],
      before,
    );
    expect(after).toEqual([
      { variant: "a", from: 0, to: 50_000 },
      { variant: "c", from: 50_000, to: SPLIT_TOTAL },
    ]);
  });

  test("raising a share removes nobody", () => {
    const steps = fc.array(fc.nat(SPLIT_TOTAL), { minLength: 1 }).map((all) => all.sort((a, b) => a - b));
    fc.assert(
      fc.property(steps, fc.array(fc.uuid()), (shares, units) => {
        let ranges: Range[] | undefined;
        let inside = new Set<string>();
        for (const share of shares) {
          ranges = allocate(rollout(share), ranges);
          const now = new Set(units.filter((unit) => owner(ranges as Range[], "seed", unit) === "on"));
          for (const unit of inside) expect(now).toContain(unit);
          inside = now;
        }
      }),
    );
  });

  test("a rollout raised and lowered in any steps equals the split of the same weights", () => {
    fc.assert(
      fc.property(fc.array(anyShare), anyShare, (steps, share) => {
        let ranges = allocate(rollout(0));
        for (const step of steps) ranges = allocate(rollout(step), ranges);
        expect(allocate(rollout(share), ranges)).toEqual(allocate(rollout(share)));
      }),
    );
  });

  test("a unit belongs to the range that holds its bucket, first part included, last excluded", () => {
    fc.assert(
      fc.property(fc.uuid(), fc.boolean(), (unit, many) => {
        const at = bucket("f", unit);
        // The unit's own part is a range of its own; `many` cuts the rest into more than a linear search would take.
        const cuts = [0, at, at + 1, SPLIT_TOTAL, ...(many ? Array.from({ length: 20 }, (_, i) => i * 5_000) : [])];
        const edges = [...new Set(cuts)].sort((a, b) => a - b);
        const ranges = edges.slice(1).map((to, index) => {
          const from = edges[index] as number;
          return { variant: from === at ? "b" : from < at ? "a" : "c", from, to };
        });
        const split = ["a", "b", "c"].map((variant) => ({ variant, weight: sizes(ranges)[variant] ?? 0 }));
        const serve: Serve = { split, by: "targetingKey", algorithm: "blastdoor-1", ranges };
        expect(variants([], serve, [unit])).toEqual(["b"]);
      }),
    );
  });

  test("moving a split between rules, or into the fallthrough, moves nobody", () => {
    const everyone: Rule["when"] = { all: [] };
    const noone: Rule["when"] = { any: [] };
    fc.assert(
      fc.property(anyWeights(["a", "b", "c"]), fc.array(fc.uuid(), { maxLength: 20 }), (split, units) => {
        const serve: Serve = { split, by: "targetingKey", algorithm: "blastdoor-1" };
        const other: Serve = { variant: "a" };
        const placed: [Rule[], Serve][] = [
          [[{ id: "r1", when: everyone, serve }], other],
          [
            [
              { id: "r0", when: noone, serve: other },
              { id: "r2", when: everyone, serve },
            ],
            other,
          ],
          [[], serve],
        ];
        const [first, ...rest] = placed.map(([rules, fallthrough]) => variants(rules, fallthrough, units));
        for (const one of rest) expect(one).toEqual(first);
      }),
    );
  });
});

const anyShare = fc.oneof(fc.nat(SPLIT_TOTAL), fc.constantFrom(0, SPLIT_TOTAL));
const rollout = (share: number) => [
  { variant: "on", weight: share },
  { variant: "off", weight: SPLIT_TOTAL - share },
];

function owner(ranges: readonly Range[], seed: string, unit: string): string | undefined {
  const at = bucket(seed, unit);
  return ranges.find((range) => range.from <= at && at < range.to)?.variant;
}

function variants(rules: Rule[], fallthrough: Serve, units: string[]) {
  const snapshot: Snapshot = {
    minReader: 1,
    project: "p",
    environment: "e",
    epoch: 1,
    revision: 1,
    segments: {},
    layers: {},
    holdouts: {},
    keys: [],
    kills: [],
    flags: {
      f: {
        variants: { a: "a", b: "b", c: "c" },
        offVariant: "a",
        visibility: "public",
        seed: "f",
        state: { enabled: true, prerequisites: [], rules, fallthrough },
      },
    },
  };
  const compiled = compile(snapshot, re2);
  return units.map((unit) => evaluate(compiled, "f", prepare(compiled, { targetingKey: unit }, 0))?.variant);
}

describe("blastdoor-1", () => {
  test("is MurmurHash3 x86 32: published vectors", () => {
    const published: [string, number, number][] = [
      ["", 0, 0],
      ["", 1, 0x514e28b7],
      ["", 0xffffffff, 0x81f16f39],
      ["a", 0x9747b28c, 0x7fa09ea6],
      ["aa", 0x9747b28c, 0x5d211726],
      ["aaa", 0x9747b28c, 0x283e0130],
      ["aaaa", 0x9747b28c, 0x5a97808a],
      ["Hello, world!", 0x9747b28c, 0x24884cba],
      ["ππππππππ", 0x9747b28c, 0xd58063c1],
      ["The quick brown fox jumps over the lazy dog", 0x9747b28c, 0x2fa826cd],
    ];
    for (const [text, seed, hash] of published) expect(murmur3(text, seed) >>> 0, text).toBe(hash);
  });

  test("hashes a lone surrogate as U+FFFD", () => {
    expect(bucket("s", "a\ud800b")).toBe(bucket("s", "a\ufffdb"));
    expect(bucket("s", "abc\udc00")).toBe(bucket("s", "abc\ufffd"));
  });

  test("stays inside the parts at both ends of the hash", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (seed, unit) => {
        const at = bucket(seed, unit);
        expect(Number.isInteger(at) && at >= 0 && at < SPLIT_TOTAL).toBe(true);
      }),
    );
  });

  test("a hash is below the bounds of exactly the buckets above its own, and of none at its own", () => {
    const edges = [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32 - 1];
    const hash = fc.oneof(fc.constantFrom(...edges), fc.nat(2 ** 32 - 1));
    const near = fc.nat(SPLIT_TOTAL - 1).chain((part) => {
      // The last hash of the part before, and the first of this one: where rounding would show.
      const first = Math.ceil((part * 2 ** 32) / SPLIT_TOTAL);
      return fc.tuple(fc.constant(part), fc.oneof(hash, fc.constantFrom(first, Math.max(0, first - 1))));
    });
    fc.assert(
      fc.property(near, ([part, one]) => {
        const of = Math.floor((one * SPLIT_TOTAL) / 2 ** 32);
        expect(below(one | 0, hashAt(part))).toBe(of < part ? 1 : 0);
      }),
      { numRuns: 20_000 },
    );
  });

  // Deterministic: the same 200,000 names each time. Bounds are the chi-square quantile at 1 - 1e-6 by
  // Wilson and Hilferty's approximation, so that about 300 tests together would fail by chance once in 3,000 choices.
  const units = Array.from({ length: 200_000 }, (_, index) => `user-${index}`);
  const SEEDS = ["new-checkout", "search", "a", "b", "aa", "flag-1", "flag-2", "flag-3", "exp.price", "exp.prices"];
  const hashed = units.map(unitHash);
  const spread = SEEDS.map((seed) => {
    const hash = seedHash(seed);
    return hashed.map((unit) => bucketOf(hash, unit));
  });
  const quantile = (freedom: number) => freedom * (1 - 2 / (9 * freedom) + 4.7534 * Math.sqrt(2 / (9 * freedom))) ** 3;

  test("buckets are uniform for every flag", () => {
    const bins = 1_000;
    for (const buckets of spread) {
      const counts = new Int32Array(bins);
      for (const at of buckets) counts[Math.floor((at * bins) / SPLIT_TOTAL)]!++;
      expect(chiSquare(counts, units.length / bins)).toBeLessThan(quantile(bins - 1));
    }
  });

  test("buckets of any two flags are independent", () => {
    const bins = 20;
    for (const [index, one] of spread.entries()) {
      for (const two of spread.slice(index + 1)) {
        const counts = new Int32Array(bins * bins);
        for (const [unit, at] of one.entries())
          counts[
            Math.floor((at * bins) / SPLIT_TOTAL) * bins + Math.floor(((two[unit] as number) * bins) / SPLIT_TOTAL)
          ]!++;
        expect(chiSquare(counts, units.length / bins ** 2)).toBeLessThan(quantile(bins ** 2 - 1));
      }
    }
  });
});

function chiSquare(counts: Int32Array, expected: number): number {
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}
