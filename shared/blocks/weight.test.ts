import { expect, test } from "vitest";
import { blockWeight, compiledWeight, weightOfSums } from "./weight.ts";

const rule = (test: object) => JSON.stringify({ id: "r", when: { attribute: "a", ...test }, serve: { variant: "on" } });

test("a text that names nothing weighs by its length", () => {
  expect(compiledWeight("x".repeat(1_000))).toBe(1_500);
  expect(compiledWeight("")).toBe(0);
});

test("tests of numbers and searches in texts weigh more than equal texts", () => {
  const plain = compiledWeight(rule({ op: "equals", values: ["12"] }));
  expect(compiledWeight(rule({ op: "equals", values: [1234] }))).toBeGreaterThan(plain + 300);
  expect(compiledWeight(rule({ op: "equals", values: [-123] }))).toBeGreaterThan(plain + 300);
  for (const op of ["contains", "starts_with", "matches"])
    expect(compiledWeight(rule({ op, values: ["12"] }))).toBeGreaterThan(plain + 300);
});

test("what stands in a text weighs at least what it is, and no rule escapes by its order of fields", () => {
  const rules = Array.from({ length: 100 }, (_, n) => rule({ values: [n], op: "equals" })).join(",");
  expect(compiledWeight(rules)).toBeGreaterThan(100 * (100 + 150 + 400));
});

test("each member of a list weighs", () => {
  const list = (length: number) => compiledWeight(JSON.stringify(Array.from({ length }, (_, n) => `u${n % 10}`)));
  expect(list(2_000) - list(1_000)).toBeCloseTo(1_000 * (28 + 5 * 1.5), 0);
});

test("letters beyond Latin make a whole text two bytes a character", () => {
  expect(blockWeight("abcé")).toBe(4 + 6);
  expect(blockWeight("abc字")).toBe(8 + 6);
  expect(weightOfSums({ chars: 4, wide: 1, weight: 6 })).toBe(14);
});
