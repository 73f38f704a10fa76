import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile } from "../evaluation/compile/compile.ts";
import { re2 } from "../evaluation/operators/regex/regex.ts";
import { evaluate, prepare } from "../evaluation/run/evaluate.ts";
import { anySnapshot, NOW } from "../evaluation/testing/arbitraries.ts";
import { sipHash, sipKey } from "../hashing/sip-hash.ts";
import { LIST_SHARD_KEYS } from "../limits.ts";
import { storedKeyName } from "../schema/names.ts";
import { type Snapshot, snapshot } from "../schema/snapshot.ts";
import { amend, divide, holds, shardCount, shardOf, sortHashes, unpackShard } from "./segment-list.ts";

const KEY = sipKey("00112233445566778899aabbccddeeff");

function hashesOf(keys: Iterable<string>): Uint32Array {
  const words = [...keys].flatMap((key) => {
    const { high, low } = sipHash(KEY, key);
    return [low, high];
  });
  return sortHashes(new Uint32Array(words));
}

const bigints = (words: Uint32Array) => [...new BigUint64Array(words.slice().buffer)];
const keySets = fc.uniqueArray(fc.string({ maxLength: 3 }), { maxLength: 200 });

describe("hashes of a list", () => {
  test("are sorted as 64-bit integers and stand once, whatever the order and repetitions", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 1 })), (keys) => {
        const sorted = bigints(hashesOf(keys));
        expect(sorted).toEqual([...new Set(sorted)].sort((a, b) => (a < b ? -1 : 1)));
        expect(sorted).toHaveLength(new Set(keys).size);
      }),
    );
  });

  test("hold exactly the keys that were listed", () => {
    fc.assert(
      fc.property(keySets, keySets, (listed, others) => {
        const words = hashesOf(listed);
        for (const key of listed) expect(holds(words, sipHash(KEY, key))).toBe(true);
        for (const key of others) expect(holds(words, sipHash(KEY, key))).toBe(listed.includes(key));
      }),
    );
  });

  test("divided into shards, each is found in its own shard and nothing is lost", () => {
    fc.assert(
      fc.property(keySets, fc.constantFrom(1, 2, 4, 64), (keys, shards) => {
        const parts = divide(hashesOf(keys), shards);
        expect(parts).toHaveLength(shards);
        expect(parts.flatMap(bigints)).toEqual(bigints(hashesOf(keys)));
        for (const key of keys) {
          const hash = sipHash(KEY, key);
          expect(holds(parts[shardOf(hash, shards)] as Uint32Array, hash)).toBe(true);
        }
        for (const [shard, part] of parts.entries()) {
          expect(unpackShard(part.slice().buffer, shard, shards)).toEqual(part);
          if (part.length > 0 && shards > 1)
            expect(unpackShard(part.slice().buffer, (shard + 1) % shards, shards)).toBeNull();
        }
      }),
    );
  });

  test("amended, they are those of the amended list", () => {
    fc.assert(
      fc.property(keySets, keySets, keySets, (keys, added, removed) => {
        const add = added.filter((key) => !removed.includes(key));
        const expected = new Set([...keys, ...add].filter((key) => !removed.includes(key)));
        expect(amend(hashesOf(keys), hashesOf(add), hashesOf(removed))).toEqual(hashesOf(expected));
      }),
    );
  });

  test("bytes cut off within a hash are no shard", () => {
    expect(unpackShard(new ArrayBuffer(12), 0, 1)).toBeNull();
    expect(unpackShard(new ArrayBuffer(0), 3, 4)).toEqual(new Uint32Array());
  });
});

test("a shard holds LIST_SHARD_KEYS on average at most, in a power of two of shards", () => {
  for (const keys of [0, 1, LIST_SHARD_KEYS, LIST_SHARD_KEYS + 1, 1_000_000]) {
    const shards = shardCount(keys);
    expect(keys / shards).toBeLessThanOrEqual(LIST_SHARD_KEYS);
    expect(Number.isInteger(Math.log2(shards))).toBe(true);
  }
  expect([shardCount(0), shardCount(1_000_000)]).toEqual([1, 128]);
});

describe("lists in evaluation", () => {
  const list = { version: "1-1", key: "0".repeat(32), count: 5, shards: ["1-1"] };
  const flag = (when: object, prerequisites: object[] = []) => ({
    variants: { on: true, off: false },
    offVariant: "off",
    visibility: "public",
    seed: "s",
    state: {
      enabled: true,
      prerequisites,
      rules: [{ id: "r", when, serve: { variant: "on" } }],
      fallthrough: { variant: "off" },
    },
  });
  const parsed: Snapshot = snapshot.parse({
    minReader: 1,
    project: "p",
    environment: "e",
    epoch: 1,
    revision: 1,
    flags: {
      direct: flag({ segment: "long" }),
      negated: flag({ not: { segment: "long" } }),
      nested: flag({ any: [{ segment: "outer" }] }),
      dependent: flag({ all: [] }, [{ flag: "nested", variants: ["on"] }]),
      free: flag({ segment: "short" }),
    },
    segments: {
      long: { excluded: ["x"], list },
      outer: { when: { all: [{ segment: "long" }, { segment: "other" }] } },
      other: { by: "plan", list, when: { attribute: "vip", op: "equals", values: [true] } },
      short: { included: ["u1"] },
    },
    layers: {},
    holdouts: {},
    keys: [],
    kills: [],
  });
  const compiled = compile(parsed, re2);
  const variantOf = (key: string, context: object, memberships?: ReadonlyMap<string, boolean>) =>
    evaluate(compiled, key, prepare(compiled, context, NOW, memberships))?.variant;

  test("each flag names the lists it depends on, through segments and prerequisites, and no others", () => {
    const names = (key: string) => compiled.listsByFlag.get(key)?.map((one) => one.segment);
    expect(names("direct")).toEqual(["long"]);
    expect(names("nested")).toEqual(["long", "other"]);
    expect(names("dependent")).toEqual(["long", "other"]);
    expect(names("free")).toBeUndefined();
    expect(compiled.lists.map((one) => one.segment)).toEqual(["long", "other"]);
  });

  test("a list that was not read is unknown, negated or not; one that was read decides", () => {
    const u1 = { targetingKey: "u1" };
    expect([variantOf("direct", u1), variantOf("negated", u1)]).toEqual(["off", "off"]);
    expect(variantOf("direct", u1, new Map([["long", true]]))).toBe("on");
    expect(variantOf("negated", u1, new Map([["long", false]]))).toBe("on");
    expect(variantOf("direct", { targetingKey: "x" }, new Map([["long", true]]))).toBe("off");
  });

  test("a condition beside the list decides without it where it can", () => {
    const context = { targetingKey: "u1", plan: "pro", vip: true };
    expect(variantOf("nested", context, new Map([["long", true]]))).toBe("on");
    expect(variantOf("nested", { ...context, vip: false }, new Map([["long", true]]))).toBe("off");
  });

  test("a flag without named lists never asks for a membership", () => {
    fc.assert(
      fc.property(anySnapshot, fc.object(), (random, context) => {
        const made = compile(random, re2);
        for (const key of made.flags.keys()) {
          const asked = new Set<string>();
          const spy = { get: (segment: string) => void asked.add(segment) } as unknown as ReadonlyMap<string, boolean>;
          evaluate(made, key, prepare(made, context, NOW, spy));
          const named = new Set(made.listsByFlag.get(key)?.map((one) => one.segment));
          const listed = [...asked].filter((segment) => random.segments[segment]?.list);
          expect(listed.filter((segment) => !named.has(storedKeyName(segment)))).toEqual([]);
        }
      }),
    );
  });
});
