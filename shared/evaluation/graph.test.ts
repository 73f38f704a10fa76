import { expect, test } from "vitest";
import { DEPENDENCY_DEPTH } from "../limits.ts";
import type { FlagState } from "../schema/flag.ts";
import { findCycle, flagDependencies, segmentDependencies, tangled } from "./graph.ts";

const edges = (graph: Record<string, string[]>) => (key: string) => graph[key] ?? [];
const chain = (length: number) => (key: string) => (Number(key) + 1 < length ? [String(Number(key) + 1)] : []);

test("a cycle is named from where it closes", () => {
  expect(findCycle("a", edges({ a: ["b"], b: ["a"] }))).toEqual(["a", "b", "a"]);
  expect(findCycle("a", edges({ a: ["a"] }))).toEqual(["a", "a"]);
  expect(findCycle("x", edges({ x: ["y", "a"], a: ["b"], b: ["c"], c: ["a"] }))).toEqual(["a", "b", "c", "a"]);
  expect(findCycle("a", edges({ a: ["b", "c"], b: ["d"], c: ["d"] }))).toBeNull();
  expect(findCycle("a", edges({}))).toBeNull();
});

test("long chains and wide diamonds are no cycles and cost no stack", () => {
  expect(findCycle("0", chain(100_000))).toBeNull();
  expect(findCycle("0", (key) => [String((Number(key) + 1) % 50_000)])).toHaveLength(50_001);
  const layers = (key: string) =>
    Number(key) < 990 ? [...Array(10)].map((_, i) => `${Number(key) - (Number(key) % 10) + 10 + i}`) : [];
  expect(findCycle("0", layers)).toBeNull();
});

test("tangled: on a cycle, behind one, or too deep", () => {
  const keys = ["a", "b", "c", "d", "e"];
  expect([...tangled(keys, edges({ a: ["b"], b: ["a"], c: ["b"], d: ["e", "gone"] }))].sort()).toEqual(["a", "b", "c"]);
  const numbers = Array.from({ length: 10_000 }, (_, index) => String(index));
  expect(tangled(numbers, chain(10_000)).size).toBe(10_000 - 1 - DEPENDENCY_DEPTH);
});

test("dependencies are found in prerequisites and in all corners of rules, once each", () => {
  const state = {
    prerequisites: [{ flag: "p", variants: ["on"] }],
    rules: [
      {
        when: { all: [{ any: [{ flag: "a", variants: ["on"] }, { segment: "s" }] }, { flag: "p", variants: ["on"] }] },
      },
      { paused: true, when: { flag: "b", variants: ["on"] } },
    ],
  } as unknown as FlagState;
  expect(flagDependencies(state)).toEqual(["p", "a", "b"]);
  expect(segmentDependencies({ any: [{ not: { segment: "s" } }, { segment: "t" }, { segment: "s" }] })).toEqual([
    "s",
    "t",
  ]);
});
