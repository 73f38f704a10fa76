import { expect, test } from "vitest";
import { RememberedCells } from "./remembered-cells.ts";

const NOW = Date.parse("2026-11-30T12:00:00Z");
let counted = 0;
const count = () => {
  counted++;
  return [];
};
const times = (
  people: number,
  asks: readonly (readonly [run: number, asOf: number])[],
  remembered = new RememberedCells(),
) => {
  const before = counted;
  for (const [run, asOf] of asks) remembered.cells(run, 7, asOf, people, count);
  return counted - before;
};

test("a million people are counted once in ten seconds, however often somebody asks", () => {
  const asks = Array.from({ length: 1_000 }, (_, index) => [1, NOW + index * 10] as const);
  expect(times(1_000_000, asks)).toBe(1);
  expect(times(1_000_000, [...asks, [1, NOW + 10_000]])).toBe(2);
});

test("few people are counted each time, and so is another run", () => {
  expect(
    times(9_999, [
      [1, NOW],
      [1, NOW],
    ]),
  ).toBe(2);
  expect(
    times(1_000_000, [
      [1, NOW],
      [2, NOW],
      [1, NOW],
    ]),
  ).toBe(3);
});

test("a question about a time before the count is counted anew, and nothing outlives a person who is forgotten", () => {
  expect(
    times(1_000_000, [
      [1, NOW],
      [1, NOW - 1],
    ]),
  ).toBe(2);
  const remembered = new RememberedCells();
  expect(times(1_000_000, [[1, NOW]], remembered)).toBe(1);
  remembered.clear();
  expect(times(1_000_000, [[1, NOW]], remembered)).toBe(1);
});
