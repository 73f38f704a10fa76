import type { FormatCase } from "../format-case.ts";

type Row = readonly [condition: object, context: Readonly<Record<string, unknown>>, holds: boolean];

const CONDITIONS: readonly Row[] = [
  [{ attribute: "plan", operator: "ONE_OF", value: ["pro", "1", "true"] }, { plan: "pro" }, true],
  [{ attribute: "plan", operator: "ONE_OF", value: ["pro", "1", "true"] }, { plan: 1 }, true],
  [{ attribute: "plan", operator: "ONE_OF", value: ["pro", "1", "true"] }, { plan: true }, true],
  [{ attribute: "plan", operator: "ONE_OF", value: ["pro"] }, { plan: "PRO" }, false],
  [{ attribute: "plan", operator: "ONE_OF", value: ["null"] }, { plan: null }, false],
  [{ attribute: "plan", operator: "NOT_ONE_OF", value: ["pro"] }, { plan: "free" }, true],
  [{ attribute: "plan", operator: "NOT_ONE_OF", value: ["pro"] }, {}, false],
  [{ attribute: "mail", operator: "MATCHES", value: "@shop\\.example$" }, { mail: "a@shop.example" }, true],
  [{ attribute: "mail", operator: "MATCHES", value: "true" }, { mail: true }, true],
  [{ attribute: "mail", operator: "NOT_MATCHES", value: "x" }, { mail: "y" }, true],
  [{ attribute: "mail", operator: "NOT_MATCHES", value: "x" }, {}, false],
  [{ attribute: "age", operator: "GTE", value: 18 }, { age: 18 }, true],
  [{ attribute: "age", operator: "GTE", value: 18 }, { age: "18" }, true],
  [{ attribute: "age", operator: "LT", value: "18" }, { age: 17.5 }, true],
  [{ attribute: "age", operator: "GT", value: 18 }, { age: "old" }, false],
  [{ attribute: "age", operator: "GT", value: 18 }, {}, false],
  [{ attribute: "v", operator: "GTE", value: "1.10.0" }, { v: "1.9.0" }, false],
  [{ attribute: "v", operator: "GTE", value: "1.10.0" }, { v: "v1.10.0" }, true],
  [{ attribute: "v", operator: "LT", value: "1.10.0" }, { v: "1.10.0-beta" }, true],
  [{ attribute: "v", operator: "LT", value: "1.10.0" }, { v: "1.9" }, false],
  [{ attribute: "plan", operator: "IS_NULL", value: true }, {}, true],
  [{ attribute: "plan", operator: "IS_NULL", value: false }, { plan: "" }, true],
  [{ attribute: "id", operator: "ONE_OF", value: ["u1"] }, { targetingKey: "u1" }, true],
  [{ attribute: "id", operator: "ONE_OF", value: ["u1"] }, { targetingKey: "u1", id: "u2" }, false],
  [{ attribute: "a.b", operator: "ONE_OF", value: ["x"] }, { "a.b": "x" }, true],
  [{ attribute: "plan", operator: "UNHEARD", value: "x" }, { plan: "x" }, false],
];

const flag = (allocations: readonly object[], fields: object = {}) => ({
  enabled: true,
  variationType: "STRING",
  variations: { on: { key: "on", value: "on" }, off: { key: "off", value: "off" } },
  totalShards: 10_000,
  allocations,
  ...fields,
});
const everybody = { key: "all", splits: [{ variationKey: "on", shards: [] }] };
const context = { targetingKey: "u" };

export const cases: readonly FormatCase[] = [
  ...CONDITIONS.map(([condition, attributes, holds]) => ({
    name: `${JSON.stringify(condition)} of ${JSON.stringify(attributes)}`,
    document: { flags: { f: flag([{ ...everybody, rules: [{ conditions: [condition] }] }]) } },
    rows: [{ flag: "f", context: { targetingKey: "u", ...attributes }, value: holds ? "on" : undefined }],
  })),
  {
    name: "a flag that is disabled, and one without allocations",
    document: { flags: { f: flag([everybody], { enabled: false }), g: flag([]) } },
    rows: ["f", "g"].map((key) => ({ flag: key, context, value: undefined })),
  },
  {
    name: "allocations have a beginning and an end",
    document: {
      flags: {
        early: flag([{ ...everybody, startAt: "2027-01-01T00:00:00Z" }]),
        late: flag([{ ...everybody, endAt: "2026-11-30T23:59:59.999Z" }]),
        last: flag([{ ...everybody, endAt: "2026-12-01T00:00:00Z" }]),
        first: flag([{ ...everybody, startAt: "2026-12-01T00:00:00Z" }]),
      },
    },
    rows: ["early", "late", "last", "first"].map((key) => ({
      flag: key,
      context,
      value: key === "last" || key === "first" ? "on" : undefined,
    })),
  },
  {
    name: "a split needs all its shards, and the next allocation is asked where none is met",
    document: {
      flags: {
        f: flag([
          {
            key: "some",
            splits: [
              {
                variationKey: "on",
                shards: [
                  { salt: "s", ranges: [{ start: 0, end: 10_000 }] },
                  { salt: "s", ranges: [] },
                ],
              },
            ],
          },
          {
            key: "rest",
            splits: [{ variationKey: "off", shards: [{ salt: "s", ranges: [{ start: 0, end: 10_000 }] }] }],
          },
        ]),
      },
    },
    rows: [{ flag: "f", context, value: "off" }],
  },
  {
    name: "JSON is written as a text, and a value of another type is none",
    document: {
      flags: {
        json: flag([everybody], { variationType: "JSON", variations: { on: { key: "on", value: '{"a":1}' } } }),
        whole: flag([everybody], { variationType: "INTEGER", variations: { on: { key: "on", value: 3.5 } } }),
      },
    },
    rows: [
      { flag: "json", context, value: { a: 1 } },
      { flag: "whole", context, value: undefined },
    ],
  },
];
