import type { FormatCase } from "../format-case.ts";

type Row = readonly [condition: object, context: Readonly<Record<string, unknown>>, holds: boolean];

const CONDITIONS: readonly Row[] = [
  [{ a: "Identifier", c: 0, l: ["u", "v"] }, {}, true],
  [{ a: "Email", c: 1, l: ["a@x"] }, { email: "b@x" }, true],
  [{ a: "Email", c: 1, l: ["a@x"] }, {}, false],
  [{ a: "Email", c: 1, l: ["a@x"] }, { email: "" }, false],
  [{ a: "Country", c: 2, l: ["land"] }, { country: "Finland" }, true],
  [{ a: "Country", c: 3, l: ["land"] }, { country: "Finland" }, false],
  [{ a: "v", c: 4, l: ["1.2.3", ""] }, { v: "1.2.3" }, true],
  [{ a: "v", c: 5, l: ["1.2.3", "x"] }, { v: "2.0.0" }, false],
  [{ a: "v", c: 6, s: "1.10.0" }, { v: "1.9.0" }, true],
  [{ a: "v", c: 6, s: "1.10.0" }, { v: "1.9" }, false],
  [{ a: "v", c: 9, s: "x" }, { v: "1.0.0" }, false],
  [{ a: "age", c: 10, d: 1.5 }, { age: "1,5" }, true],
  [{ a: "age", c: 11, d: 1.5 }, { age: "old" }, false],
  [{ a: "age", c: 14, d: 18 }, { age: 19 }, true],
  [{ a: "at", c: 18, d: 1_700_000_000 }, { at: 1_699_999_999 }, true],
  [{ a: "at", c: 19, d: 1_700_000_000 }, { at: "1700000001" }, true],
  [{ a: "plan", c: 28, s: "true" }, { plan: true }, true],
  [{ a: "plan", c: 29, s: "pro" }, { plan: 5 }, true],
  [{ a: "plan", c: 30, l: ["p"] }, { plan: "pro" }, true],
  [{ a: "plan", c: 33, l: ["o"] }, { plan: "pro" }, false],
  [{ a: "list", c: 34, l: ["a"] }, { list: ["b", "a"] }, true],
  [{ a: "list", c: 34, l: ["a"] }, { list: '["a"]' }, true],
  [{ a: "list", c: 35, l: ["a"] }, { list: "a" }, false],
];

const document = (condition: object) => ({
  p: { s: "salt" },
  s: [{ n: "group", r: [{ a: "plan", c: 28, s: "pro" }] }],
  f: {
    other: { t: 1, r: [{ c: [{ u: { a: "plan", c: 28, s: "pro" } }], s: { v: { s: "on" } } }], v: { s: "off" } },
    f: { t: 0, r: [{ c: [condition], s: { v: { b: true } } }], v: { b: false } },
  },
});
const row = (context: object, value: unknown) => ({ flag: "f", context: { targetingKey: "u", ...context }, value });

export const cases: readonly FormatCase[] = [
  ...CONDITIONS.map(([condition, context, holds]) => ({
    name: `${JSON.stringify(condition)} of ${JSON.stringify(context)}`,
    document: document({ u: condition }),
    rows: [row(context, holds)],
  })),
  {
    name: "in a segment",
    document: document({ s: { s: 0, c: 0 } }),
    rows: [row({ plan: "pro" }, true), row({ plan: "free" }, false), row({}, false)],
  },
  {
    name: "not in a segment, which a missing attribute does not tell",
    document: document({ s: { s: 0, c: 1 } }),
    rows: [row({ plan: "pro" }, false), row({ plan: "free" }, true), row({}, false)],
  },
  {
    name: "a prerequisite that is, and one that is not",
    document: document({ p: { f: "other", c: 0, v: { s: "on" } } }),
    rows: [row({ plan: "pro" }, true), row({}, false)],
  },
  {
    name: "a prerequisite that is anything else",
    document: document({ p: { f: "other", c: 1, v: { s: "on" } } }),
    rows: [row({ plan: "pro" }, false), row({}, true)],
  },
  {
    name: "percentages go by the attribute, and nobody without it is in any",
    document: {
      f: {
        f: {
          t: 1,
          a: "company",
          p: [
            { p: 0, v: { s: "x" } },
            { p: 100, v: { s: "y" } },
          ],
          v: { s: "default" },
        },
      },
    },
    rows: [row({ company: "c" }, "y"), row({}, "default")],
  },
];
