import fc from "fast-check";
import { expect, test } from "vitest";
import { MATCHED_ELEMENTS } from "../../limits.ts";
import type { AttributeTest, Condition } from "../../schema/condition.ts";
import type { Snapshot, SnapshotFlag } from "../../schema/snapshot.ts";
import { compile } from "../compile/compile.ts";
import { explain } from "../explain/explain.ts";
import { evaluate, evaluateAll, prepare } from "../run/evaluate.ts";
import { INSTANT_CHARS } from "./date/instant.ts";
import { re2 } from "./regex/regex.ts";

const when = (condition: Condition): SnapshotFlag => ({
  variants: { on: true, off: false, not: true },
  offVariant: "off",
  visibility: "public",
  seed: "s",
  state: {
    enabled: true,
    prerequisites: [],
    rules: [
      { id: "r", when: condition, serve: { variant: "on" } },
      { id: "n", when: { not: condition }, serve: { variant: "not" } },
    ],
    fallthrough: { variant: "off" },
  },
});
const snapshotOf = (conditions: readonly Condition[]): Snapshot => ({
  minReader: 1,
  project: "p",
  environment: "e",
  epoch: 1,
  revision: 1,
  flags: Object.fromEntries(conditions.map((one, index) => [`f${String(index).padStart(5, "0")}`, when(one)])),
  segments: {},
  layers: {},
  holdouts: {},
  keys: [],
  kills: [],
});
const is = (op: AttributeTest["op"], values: AttributeTest["values"], ignoreCase = false): AttributeTest => ({
  attribute: "a",
  op,
  values,
  ...(ignoreCase ? { ignoreCase } : {}),
});
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));

/** "on": true, "not": false, "off": unknown. */
function bulk(snapshot: Snapshot, a: unknown): string[] {
  const compiled = compile(snapshot, re2);
  const { flags } = evaluateAll(compiled, prepare(compiled, { a }, 0), "server");
  return (JSON.parse(`[${flags}]`) as { variant: string }[]).map(({ variant }) => variant);
}

/** Counts how often an element is read. */
function counted(elements: readonly unknown[]): { array: unknown; reads: () => number } {
  let reads = 0;
  const array = new Proxy(elements, {
    get(target, name, receiver) {
      if (typeof name === "string" && /^\d+$/.test(name)) reads++;
      return Reflect.get(target, name, receiver);
    },
  });
  return { array, reads: () => reads };
}

test.each<[string, (index: number) => Condition, (index: number) => unknown]>([
  [
    "in_cidr",
    (at) =>
      is(
        "in_cidr",
        times(100, (net) => `10.${at % 250}.${net}.0/24`),
      ),
    (at) => `192.0.2.${at % 250}`,
  ],
  ["before", (at) => is("before", [new Date(1.6e12 - at * 1_000).toISOString()]), () => "2024-01-01T00:00:00Z"],
  [
    "semver_eq",
    (at) =>
      is(
        "semver_eq",
        times(100, (patch) => `1.${at}.${patch}`),
      ),
    (at) => `9.0.${at}-a.b`,
  ],
  ["semver_gt", (at) => is("semver_gt", [`10.${at}.0`]), (at) => `9.0.${at}`],
  [
    "starts_with",
    (at) =>
      is(
        "starts_with",
        times(100, (part) => `/${at}/${part}/`),
      ),
    (at) => `/shop/${at}`,
  ],
  ["ends_with", (at) => is("ends_with", [`@${at}.example`]), (at) => `${at}@shop.test`],
  ["equals", (at) => is("equals", [`c${at}`]), (at) => `d${at}`],
  ["in", (at) => is("in", [`c${at}`, `e${at}`]), (at) => `d${at}`],
  ["in, case ignored", (at) => is("in", [`c${at}`, `e${at}`], true), (at) => `D${at}`],
  ["gte", (at) => is("gte", [at + 1]), (at) => -at],
])("hundreds of conditions of %s read each element once", (_, condition, element) => {
  const { array, reads } = counted(times(MATCHED_ELEMENTS, element));
  const said = bulk(snapshotOf(times(300, condition)), array);
  expect(new Set(said)).toEqual(new Set(["not"]));
  expect(reads()).toBeLessThanOrEqual(MATCHED_ELEMENTS);
});

test("a text longer than any instant is none and costs no reading, in a rule as in a context", () => {
  const instant = (length: number) => `2024-01-01T00:00:00.${"1".repeat(length - 21)}Z`;
  const bound = is("before", ["2030-01-01"]);
  for (const [a, said] of [
    [instant(INSTANT_CHARS), "on"],
    [instant(INSTANT_CHARS + 1), "off"],
    [instant(65_000), "off"],
  ]) {
    expect(bulk(snapshotOf([bound]), a)).toEqual([said]);
    expect(bulk(snapshotOf([bound]), [a])).toEqual([said]);
  }
});

test("an array that its owner changes between two evaluations is read again", () => {
  const compiled = compile(snapshotOf([is("in", ["x", "y"])]), re2);
  const a = ["z"];
  const said = () => evaluate(compiled, "f00000", prepare(compiled, { a }, 0))?.variant;
  expect(said()).toBe("not");
  a.push("y");
  expect(said()).toBe("on");
});

const text = fc.oneof(
  fc.constantFrom("", "a", "A", "b", "ab", "ba", "Ab", "aab", "é", "\u{1F600}", "\ud83d", "İ"),
  fc.string({ unit: fc.constantFrom("a", "b", "A", "\uffff", "\u0000"), maxLength: 4 }),
);
const version = fc
  .tuple(fc.nat(3), fc.nat(2), fc.nat(2), fc.constantFrom("", "-a", "-a.1", "-a.11", "-a.b", "-2", "+x", "-a+y", "-01"))
  .map(([major, minor, patch, more]) => `${major}.${minor}.${patch}${more}`);
const octet = fc.constantFrom(0, 1, 127, 128, 255);
const v4 = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join("."));
const group = fc.constantFrom("0", "1", "7fff", "8000", "ffff");
const v6 = fc.oneof(
  fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => groups.join(":")),
  v4.map((dotted) => `::ffff:${dotted}`),
  v4.map((dotted) => `::${dotted}`),
  fc.constantFrom("::", "::1", "::ffff:0:0", "ffff::"),
);
const network = fc.oneof(
  fc.tuple(v4, fc.nat(32)).map(([address, bits]) => `${address}/${bits}`),
  fc.tuple(v6, fc.nat(128)).map(([address, bits]) => `${address}/${bits}`),
  v4,
  v6,
);
const instant = fc.oneof(
  fc.integer({ min: -1, max: 4 }).map((day) => new Date(day * 86_400_000).toISOString()),
  fc.constantFrom("1970-01-02", "1970-01-02T01:00:00+01:00", "1970-13-02", "1970-01-02T00:00:00"),
);
const number = fc.constantFrom(-1, 0, -0, 1, 1.5, 2, 86_400_000, 1e300);
const odd = fc.constantFrom<unknown>(null, undefined, Number.NaN, true, false, {}, [], ["a"], "no such thing");
const listOf = (value: fc.Arbitrary<string | number | boolean>) => fc.array(value, { minLength: 1, maxLength: 5 });
const broken = (value: fc.Arbitrary<string>) =>
  fc.oneof({ weight: 8, arbitrary: value }, { weight: 1, arbitrary: text });

const families: [fc.Arbitrary<AttributeTest>, fc.Arbitrary<unknown>][] = [
  [
    fc
      .tuple(fc.constantFrom("equals", "in"), listOf(fc.oneof(text, text, number, fc.boolean())), fc.boolean())
      .map(([op, values, fold]) => is(op, values, fold)),
    fc.oneof(text, number),
  ],
  [fc.tuple(fc.constantFrom("starts_with", "ends_with"), listOf(text)).map(([op, values]) => is(op, values)), text],
  [fc.tuple(fc.constantFrom("gt", "gte", "lt", "lte"), listOf(number)).map(([op, values]) => is(op, values)), number],
  [
    fc.tuple(fc.constantFrom("before", "after"), listOf(broken(instant))).map(([op, values]) => is(op, values)),
    fc.oneof(instant, number),
  ],
  [
    fc
      .tuple(
        fc.constantFrom("semver_lt", "semver_lte", "semver_eq", "semver_gte", "semver_gt"),
        listOf(broken(version)),
      )
      .map(([op, values]) => is(op, values)),
    version,
  ],
  [listOf(broken(network)).map((values) => is("in_cidr", values)), fc.oneof(v4, v6)],
];

test.each(families)("bulk, single and the reference say the same of arrays: family %#", (condition, element) => {
  const some = fc.oneof({ weight: 6, arbitrary: element }, { weight: 1, arbitrary: odd });
  const array = fc.oneof(
    { weight: 12, arbitrary: fc.array(some, { maxLength: 6 }) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(some, some, fc.constantFrom(-1, 0, 1))
        .map(([one, last, more]) => [...Array(MATCHED_ELEMENTS - 1 + more).fill(one), last]),
    },
  );
  fc.assert(
    fc.property(fc.array(condition, { minLength: 1, maxLength: 6 }), array, (conditions, a) => {
      const snapshot = snapshotOf(conditions);
      const wanted = explain(snapshot, [], { a }, 0, re2).map(({ variant }) => variant);
      expect(bulk(snapshot, a)).toEqual(wanted);
      const compiled = compile(snapshot, re2);
      const keys = [...compiled.flags.keys()];
      expect(keys.map((key) => evaluate(compiled, key, prepare(compiled, { a }, 0))?.variant)).toEqual(wanted);
    }),
    { numRuns: 500 },
  );
});
