import type { FormatCase } from "../format-case.ts";

/** A condition, and attributes with what it says of them. */
type Row = readonly [condition: object, attributes: Readonly<Record<string, unknown>>, holds: boolean];

const CONDITIONS: readonly Row[] = [
  [{}, {}, true],
  [{ plan: "pro" }, { plan: "pro" }, true],
  [{ plan: "pro" }, { plan: "PRO" }, false],
  [{ plan: "pro" }, {}, false],
  [{ plan: "1" }, { plan: 1 }, true],
  [{ plan: "a,b" }, { plan: ["a", "b"] }, true],
  [{ plan: null }, {}, true],
  [{ plan: null }, { plan: "" }, false],
  [{ age: 5 }, { age: "5" }, true],
  [{ age: 0 }, {}, true],
  [{ beta: true }, { beta: "yes" }, true],
  [{ beta: false }, { beta: 0 }, true],
  [{ beta: false }, {}, false],
  [{ tags: ["a", "b"] }, { tags: ["a", "b"] }, true],
  [{ tags: ["a", "b"] }, { tags: ["b", "a"] }, false],
  [{ "user.name": "x" }, { user: { name: "x" } }, true],
  [{ "user.name": "x" }, { "user.name": "x" }, false],
  [{ $or: [] }, {}, true],
  [{ $or: [{ a: "1" }, { b: "2" }] }, { b: "2" }, true],
  [{ $nor: [{ a: "1" }, { b: "2" }] }, { b: "2" }, false],
  [{ $and: [{ a: "1" }, { b: "2" }] }, { a: "1" }, false],
  [{ $not: { a: "1" } }, {}, true],
  [{ a: { $eq: "1" } }, { a: 1 }, false],
  [{ a: { $ne: "1" } }, {}, true],
  [{ a: { $gt: 5 } }, { a: "10" }, true],
  [{ a: { $gt: "5" } }, { a: "10" }, false],
  [{ a: { $lt: 5 } }, {}, true],
  [{ a: { $gte: "2026-01-01" } }, { a: "2026-02-01" }, true],
  [{ a: { $exists: true } }, { a: null }, false],
  [{ a: { $exists: false } }, { a: "" }, false],
  [{ a: { $in: ["x", 1] } }, { a: ["y", 1] }, true],
  [{ a: { $in: ["x", "1"] } }, { a: 1 }, false],
  [{ a: { $in: [null] } }, {}, true],
  [{ a: { $nin: ["x"] } }, {}, true],
  [{ a: { $nin: "x" } }, { a: "y" }, false],
  [{ a: { $ini: ["X"] } }, { a: "x" }, true],
  [{ a: { $inGroup: "vips" } }, { a: "v1" }, true],
  [{ a: { $inGroup: "nobody" } }, { a: "v1" }, false],
  [{ a: { $notInGroup: "vips" } }, { a: "v3" }, true],
  [{ a: { $not: { $gt: 5 } } }, { a: 4 }, true],
  [{ a: { $size: 2 } }, { a: ["x", "y"] }, true],
  [{ a: { $size: { $gt: 2 } } }, { a: ["x", "y"] }, false],
  [{ a: { $size: 1 } }, { a: "x" }, false],
  [{ a: { $elemMatch: { $gte: 10, $lt: 20 } } }, { a: [5, 25] }, false],
  [{ a: { $elemMatch: { $gte: 10, $lt: 20 } } }, { a: [5, 15] }, true],
  [{ a: { $elemMatch: { name: { $regex: "^b" } } } }, { a: [{ name: "ab" }, { name: "ba" }] }, true],
  [{ a: { $elemMatch: { $eq: 0 } } }, { a: [0] }, false],
  [{ a: { $all: ["x", "1"] } }, { a: [1, "x", "z"] }, true],
  [{ a: { $all: ["x", "y"] } }, { a: ["x"] }, false],
  [{ a: { $alli: ["X"] } }, { a: ["x"] }, true],
  [{ a: { $regex: "^\\d+$" } }, { a: 12 }, true],
  [{ a: { $regex: "(" } }, { a: "(" }, false],
  [{ a: { $regexi: "ABC" } }, { a: "xabcx" }, true],
  [{ a: { $type: "array" } }, { a: [] }, true],
  [{ a: { $type: "null" } }, {}, true],
  [{ a: { $type: "undefined" } }, {}, false],
  [{ v: { $vgt: "1.9.0" } }, { v: "1.10.0" }, true],
  [{ v: { $vlt: "1.0.0" } }, { v: "1.0.0-beta" }, true],
  [{ v: { $veq: "v1.2.3+x" } }, { v: "1.2.3" }, true],
  [{ v: { $vne: "1.2.3" } }, {}, true],
  [{ a: { $unknown: 1 } }, { a: 1 }, false],
  [{ id: "u1" }, { targetingKey: "u1" }, true],
  [{ id: "u1" }, { targetingKey: "u1", id: "u2" }, false],
];

const feature = (rules: readonly object[], defaultValue: unknown = "default") => ({
  features: { f: { defaultValue, rules } },
});
const of = (user: string, value: unknown) => ({ flag: "f", context: { targetingKey: user }, value });

export const cases: readonly FormatCase[] = [
  ...CONDITIONS.map(([condition, context, holds]) => ({
    name: `${JSON.stringify(condition)} of ${JSON.stringify(context)}`,
    document: {
      features: { f: { defaultValue: false, rules: [{ condition, force: true }] } },
      savedGroups: { vips: ["v1", "v2"] },
    },
    rows: [{ flag: "f", context, value: holds }],
  })),
  { name: "a feature without rules", document: { features: { f: { defaultValue: 7 } } }, rows: [of("u", 7)] },
  { name: "a feature without a value", document: { features: { f: {} } }, rows: [of("u", undefined)] },
  {
    name: "the second hash version of the seed puts a at 0.0505 and b at 0.2696",
    document: feature([{ force: "in", range: [0.05, 0.06], seed: "seed", hashVersion: 2 }]),
    rows: [of("a", "in"), of("b", "default")],
  },
  {
    name: "the end of a coverage belongs to it",
    document: feature([{ force: "in", coverage: 0.0505, seed: "seed", hashVersion: 2 }]),
    rows: [of("a", "in"), of("b", "default")],
  },
  {
    name: "nobody without the attribute is in a share",
    document: feature([{ force: "in", coverage: 1, hashAttribute: "company" }]),
    rows: [of("a", "default")],
  },
  {
    name: "variations own the beginning of their parts",
    document: feature([{ variations: ["x", "y"], coverage: 0.5, seed: "seed", hashVersion: 2, key: "exp" }]),
    rows: [of("a", "x"), of("b", "default")],
  },
  {
    name: "a variation that passes through is none",
    document: feature([
      { variations: ["x", "y"], seed: "seed", hashVersion: 2, meta: [{ key: "0", passthrough: true }, { key: "1" }] },
    ]),
    rows: [of("a", "default")],
  },
  {
    name: "an unknown hash version puts nobody into an experiment",
    document: feature([{ variations: ["x", "y"], hashVersion: 99 }]),
    rows: [of("a", "default")],
  },
  {
    name: "a gate that is not met ends the feature without a value, another only its rule",
    document: {
      features: {
        parent: { defaultValue: "off", rules: [{ condition: { plan: "pro" }, force: "on" }] },
        gated: {
          defaultValue: "default",
          rules: [{ parentConditions: [{ id: "parent", condition: { value: "on" }, gate: true }] }, { force: "in" }],
        },
        asking: {
          defaultValue: "default",
          rules: [{ parentConditions: [{ id: "parent", condition: { value: "on" } }], force: "in" }],
        },
      },
    },
    rows: [
      { flag: "gated", context: { plan: "pro" }, value: "in" },
      { flag: "gated", context: {}, value: undefined },
      { flag: "asking", context: { plan: "pro" }, value: "in" },
      { flag: "asking", context: {}, value: "default" },
    ],
  },
];
