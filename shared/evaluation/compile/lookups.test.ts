import fc from "fast-check";
import { expect, test } from "vitest";
import type { Condition } from "../../schema/condition.ts";
import type { Snapshot, SnapshotFlag } from "../../schema/snapshot.ts";
import { re2 } from "../operators/regex/regex.ts";
import { evaluate, evaluateAll, prepare } from "../run/evaluate.ts";
import { compile } from "./compile.ts";

const flag = (conditions: readonly Condition[]): SnapshotFlag => ({
  variants: { on: true, off: false },
  offVariant: "off",
  visibility: "public",
  seed: "s",
  state: {
    enabled: true,
    prerequisites: [],
    rules: conditions.map((when, index) => ({ id: `r${index}`, when, serve: { variant: "on" } })),
    fallthrough: { variant: "off" },
  },
});
const snapshotOf = (flags: readonly SnapshotFlag[]): Snapshot => ({
  minReader: 1,
  project: "p",
  environment: "e",
  epoch: 1,
  revision: 1,
  flags: Object.fromEntries(flags.map((one, index) => [`f${index}`, one])),
  segments: {},
  layers: {},
  holdouts: {},
  keys: [],
  kills: [],
});

test("conditions found by text say in bulk what they say one by one, whatever the attribute holds", () => {
  const text = fc.constantFrom("", "a", "b", "ab", "bab", "xbab", "x@a", "y@a", "c", "d");
  const attribute = fc.constantFrom("one", "two", "in.side");
  const test: fc.Arbitrary<Condition> = fc.record({
    attribute,
    op: fc.constantFrom("equals", "in", "ends_with"),
    values: fc.array(text, { minLength: 1, maxLength: 3 }),
    negate: fc.constantFrom(false, false, false, true),
  });
  const condition = fc.oneof(
    { weight: 3, arbitrary: test },
    { weight: 2, arbitrary: fc.array(test, { minLength: 2, maxLength: 3 }).map((all): Condition => ({ all })) },
    { weight: 1, arbitrary: fc.array(test, { minLength: 2, maxLength: 2 }).map((any): Condition => ({ any })) },
  );
  const value = fc.oneof(
    { weight: 4, arbitrary: text },
    { weight: 1, arbitrary: fc.array(fc.oneof(text, fc.nat(), fc.constant(null)), { maxLength: 4 }) },
    { weight: 1, arbitrary: fc.constantFrom(7, null, true, { side: "a" }) },
  );
  const fails = () => {
    throw new Error("hostile");
  };
  const context = fc
    .record({ one: value, two: value, in: fc.oneof(fc.record({ side: value }), value), broken: fc.boolean() })
    .map(({ broken, ...rest }) => (broken ? Object.defineProperty(rest, "two", { get: fails }) : rest));
  const flags = fc.array(fc.array(condition, { minLength: 1, maxLength: 3 }), { minLength: 10, maxLength: 25 });
  fc.assert(
    fc.property(flags, fc.array(context, { minLength: 1, maxLength: 3 }), (given, contexts) => {
      const compiled = compile(snapshotOf(given.map(flag)), re2);
      for (const one of [...contexts, ...contexts]) {
        const { flags: bulk } = evaluateAll(compiled, prepare(compiled, one, 0), "server");
        const subject = prepare(compiled, one, 0);
        const single = [...compiled.flags.keys()].map((key) => evaluate(compiled, key, subject)?.serverJson);
        expect(bulk).toBe(single.join(","));
      }
    }),
    { numRuns: 500 },
  );
});

test("a thousand texts that an attribute is tested for are one look-up", () => {
  const flags = Array.from({ length: 500 }, (_, index) =>
    flag([
      { attribute: "plan", op: "equals", values: [`plan-${index}`] },
      { attribute: "plan", op: "in", values: [`one-${index}`, `two-${index}`] },
      {
        all: [
          { attribute: "plan", op: "equals", values: [`third-${index}`] },
          { attribute: "age", op: "gte", values: [index] },
        ],
      },
    ]),
  );
  const compiled = compile(snapshotOf(flags), re2);
  let read = 0;
  const context = {
    get plan() {
      read++;
      return "plan-7";
    },
  };
  const answer = () => evaluateAll(compiled, prepare(compiled, context, 0), "server").flags;
  const first = answer();
  read = 0;
  expect(answer()).toBe(first);
  expect(read).toBeLessThanOrEqual(2 * compiled.parts.length);
  expect(JSON.parse(`[${first}]`).filter(({ value }: { value: boolean }) => value)).toMatchObject([{ key: "f7" }]);
});
