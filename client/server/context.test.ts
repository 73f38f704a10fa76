import { expect, test } from "vitest";
import { asJson } from "./context.ts";

test.each([
  [{}],
  [{ targetingKey: "u1", plan: "pro", age: 7, isNew: true, none: null }],
  [{ targetingKey: undefined, tags: ["a", 1, null], address: { city: "Ulm", line: undefined } }],
  [Object.freeze({ targetingKey: "u1" })],
  [Object.assign(Object.create(null), { targetingKey: "u1" })],
])("a context that is JSON already is not copied: %o", (context) => {
  expect(asJson(context)).toBe(context);
});

test("what JSON makes something else of is what the edge would be sent", () => {
  class Money {
    readonly cents = 5;
  }
  const context = {
    at: new Date(0),
    price: new Money(),
    list: [undefined, Number.NaN],
    call: () => 1,
    deep: [[new Date(0)]],
  };
  expect(asJson(context)).toEqual(JSON.parse(JSON.stringify(context)));
});

test("what cannot be JSON, or nests deeper than the edge takes, is refused", () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  let deep: object = {};
  for (let level = 0; level < 31; level++) deep = { deep };
  for (const context of [circle, deep, { amount: 1n }]) expect(() => asJson(context)).toThrow();
});
