import type { FormatCase } from "../format-case.ts";

type Row = readonly [clause: object, context: Readonly<Record<string, unknown>>, matches: boolean];

const CLAUSES: readonly Row[] = [
  [{ attribute: "plan", op: "in", values: ["a", 1] }, { plan: 1 }, true],
  [{ attribute: "plan", op: "in", values: ["1"] }, { plan: 1 }, false],
  [{ attribute: "plan", op: "in", values: ["a"] }, { plan: ["b", "a"] }, true],
  [{ attribute: "plan", op: "in", values: ["a"], negate: true }, { plan: 1 }, true],
  [{ attribute: "plan", op: "in", values: ["a"], negate: true }, {}, false],
  [{ attribute: "plan", op: "in", values: ["a"], negate: true }, { plan: [] }, true],
  [{ attribute: "name", op: "startsWith", values: ["An"] }, { name: "Anna" }, true],
  [{ attribute: "mail", op: "endsWith", values: [".example"] }, { mail: "x.example" }, true],
  [{ attribute: "mail", op: "contains", values: ["@"] }, { mail: 5 }, false],
  [{ attribute: "mail", op: "matches", values: ["^x+$"] }, { mail: "xx" }, true],
  [{ attribute: "mail", op: "matches", values: ["("] }, { mail: "(" }, false],
  [{ attribute: "age", op: "lessThan", values: [10] }, { age: 9 }, true],
  [{ attribute: "age", op: "lessThan", values: [10] }, { age: "9" }, false],
  [{ attribute: "age", op: "greaterThanOrEqual", values: [10] }, { age: 10 }, true],
  [{ attribute: "at", op: "before", values: ["2026-01-01T00:00:00Z"] }, { at: 1767225599999 }, true],
  [{ attribute: "at", op: "after", values: [1767225600000] }, { at: "2026-01-01T00:00:00.001Z" }, true],
  [{ attribute: "at", op: "before", values: ["2026-01-01"] }, { at: 0 }, false],
  [{ attribute: "v", op: "semVerEqual", values: ["2"] }, { v: "2.0.0" }, true],
  [{ attribute: "v", op: "semVerGreaterThan", values: ["2.0"] }, { v: "2.0.1-beta" }, true],
  [{ attribute: "v", op: "semVerLessThan", values: ["2.0.0"] }, { v: "v1.0.0" }, false],
  [{ attribute: "key", op: "in", values: ["u1"] }, { targetingKey: "u1" }, true],
  [{ attribute: "kind", op: "in", values: ["org"] }, { kind: "org" }, true],
  [{ attribute: "anonymous", op: "in", values: [false] }, {}, true],
  [
    { contextKind: "org", attribute: "/address/city", op: "in", values: ["Ulm"] },
    { kind: "org", address: { city: "Ulm" } },
    true,
  ],
  [{ contextKind: "org", attribute: "plan", op: "in", values: ["a"] }, { plan: "a" }, false],
  [
    { contextKind: "org", attribute: "plan", op: "in", values: ["a"] },
    { kind: "multi", org: { key: "o", plan: "a" } },
    true,
  ],
  [{ attribute: "/plan", op: "in", values: ["a"] }, { "/plan": "a" }, true],
  [{ attribute: "", op: "segmentMatch", values: ["testers"] }, { targetingKey: "in" }, true],
  [{ attribute: "", op: "segmentMatch", values: ["testers"] }, { targetingKey: "out", plan: "pro" }, false],
  [{ attribute: "", op: "segmentMatch", values: ["testers"] }, { targetingKey: "both" }, true],
  [{ attribute: "", op: "segmentMatch", values: ["testers"] }, { targetingKey: "x", plan: "pro" }, true],
  [{ attribute: "", op: "segmentMatch", values: ["gone"], negate: true }, {}, true],
  [{ attribute: "plan", op: "unheard", values: ["a"] }, { plan: "a" }, false],
  [{ attribute: "plan", op: "unheard", values: ["a"], negate: true }, { plan: "a" }, true],
];

const flag = (fields: object) => ({
  on: true,
  salt: "salt",
  variations: ["x", "y", "z"],
  offVariation: 2,
  fallthrough: { variation: 0 },
  ...fields,
});
const segments = {
  testers: {
    included: ["in", "both"],
    excluded: ["out", "both"],
    rules: [{ clauses: [{ attribute: "plan", op: "in", values: ["pro"] }] }],
  },
};
const half = {
  variations: [
    { variation: 0, weight: 50_000 },
    { variation: 1, weight: 50_000 },
  ],
};

export const cases: readonly FormatCase[] = [
  ...CLAUSES.map(([clause, context, matches]) => ({
    name: `${JSON.stringify(clause)} of ${JSON.stringify(context)}`,
    document: { flags: { f: flag({ rules: [{ clauses: [clause], variation: 1 }] }) }, segments },
    rows: [{ flag: "f", context: { ...context }, value: matches ? "y" : "x" }],
  })),
  {
    name: "a flag that is off, with an off variation and without",
    document: { flags: { f: flag({ on: false }), g: flag({ on: false, offVariation: null }) } },
    rows: [
      { flag: "f", context: { targetingKey: "u" }, value: "z" },
      { flag: "g", context: { targetingKey: "u" }, value: undefined },
    ],
  },
  {
    name: "targets come before rules, in their order",
    document: {
      flags: {
        f: flag({
          targets: [
            { values: ["a"], variation: 1 },
            { values: ["a", "b"], variation: 2 },
          ],
          rules: [{ clauses: [], variation: 0 }],
        }),
      },
    },
    rows: [
      { flag: "f", context: { targetingKey: "a" }, value: "y" },
      { flag: "f", context: { targetingKey: "b" }, value: "z" },
      { flag: "f", context: { targetingKey: "c" }, value: "x" },
    ],
  },
  {
    name: "targets of other kinds, and of users in the order of contextTargets",
    document: {
      flags: {
        f: flag({
          targets: [{ values: ["a"], variation: 1 }],
          contextTargets: [
            { contextKind: "org", values: ["a"], variation: 2 },
            { contextKind: "user", variation: 1 },
          ],
        }),
      },
    },
    rows: [
      { flag: "f", context: { kind: "org", targetingKey: "a" }, value: "z" },
      { flag: "f", context: { targetingKey: "a" }, value: "y" },
    ],
  },
  {
    name: "published buckets: userKeyA is at 0.42157587 and userKeyB at 0.6708485 of hashKey.saltyA",
    document: { flags: { hashKey: flag({ salt: "saltyA", fallthrough: { rollout: half } }) } },
    rows: [
      { flag: "hashKey", context: { targetingKey: "userKeyA" }, value: "x" },
      { flag: "hashKey", context: { targetingKey: "userKeyB" }, value: "y" },
    ],
  },
  {
    name: "a user who cannot be bucketed stands at the beginning",
    document: { flags: { hashKey: flag({ salt: "saltyA", fallthrough: { rollout: { ...half, bucketBy: "age" } } }) } },
    rows: [
      { flag: "hashKey", context: { targetingKey: "userKeyB" }, value: "x" },
      { flag: "hashKey", context: { targetingKey: "userKeyB", age: 2.5 }, value: "x" },
    ],
  },
  {
    name: "weights that do not reach the end leave the rest to the last variation",
    document: {
      flags: {
        hashKey: flag({
          salt: "saltyA",
          fallthrough: {
            rollout: {
              variations: [
                { variation: 0, weight: 1 },
                { variation: 1, weight: 1 },
              ],
            },
          },
        }),
      },
    },
    rows: [{ flag: "hashKey", context: { targetingKey: "userKeyB" }, value: "y" }],
  },
  {
    name: "a prerequisite that is off, missing or another variation serves the off variation",
    document: {
      flags: {
        off: flag({ on: false, offVariation: 0 }),
        on: flag({}),
        f: flag({ prerequisites: [{ key: "off", variation: 0 }] }),
        g: flag({ prerequisites: [{ key: "gone", variation: 0 }] }),
        h: flag({ prerequisites: [{ key: "on", variation: 1 }] }),
        i: flag({ prerequisites: [{ key: "on", variation: 0 }] }),
      },
    },
    rows: ["f", "g", "h", "i"].map((key) => ({
      flag: key,
      context: { targetingKey: "u" },
      value: key === "i" ? "x" : "z",
    })),
  },
  {
    name: "a variation that there is not is no value",
    document: { flags: { f: flag({ fallthrough: { variation: 9 } }), g: flag({ fallthrough: {} }) } },
    rows: ["f", "g"].map((key) => ({ flag: key, context: { targetingKey: "u" }, value: undefined })),
  },
];
