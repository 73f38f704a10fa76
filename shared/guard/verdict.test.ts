import { describe, expect, test } from "vitest";
import { type Judged, verdictOf } from "./verdict.ts";
import { seenWords } from "./words.ts";

const judged = (over: Partial<Judged> = {}): Judged => ({
  units: { treatment: 1_000, control: 9_000 },
  reported: { treatment: 1_000, control: 9_000 },
  events: { treatment: 10, control: 90 },
  interval: { low: -0.2, high: 0.3 },
  tolerated: 0.25,
  isBreached: false,
  harm: "more",
  seen: 0.02,
  ...over,
});

test("only a breach is a regression, whatever else is missing", () => {
  expect(verdictOf(judged({ isBreached: true, reported: { treatment: 0, control: 0 } }))).toBe("regression");
});

describe("no data", () => {
  test.each([
    ["nobody has reported", { units: { treatment: 0, control: 0 }, reported: { treatment: 0, control: 0 } }],
    ["everybody is silent", { units: { treatment: 1_000, control: 9_000 }, reported: { treatment: 0, control: 0 } }],
    [
      "nobody with the release has reported",
      { units: { treatment: 0, control: 9 }, reported: { treatment: 0, control: 9 } },
    ],
    ["nobody without it has reported", { units: { treatment: 9, control: 0 }, reported: { treatment: 9, control: 0 } }],
    [
      "one group alone is silent",
      { units: { treatment: 0, control: null }, reported: { treatment: 0, control: null } },
    ],
  ])("%s", (_name, over) => {
    expect(verdictOf(judged({ ...over, interval: { low: -0.1, high: 0.1 } }))).toBe("no-data");
  });

  test("a group of which nobody converts is data", () => {
    const over = {
      harm: "fewer",
      reported: { treatment: 0, control: 40 },
      events: { treatment: 0, control: 40 },
    } as const;
    expect(verdictOf(judged({ ...over, interval: { low: -1, high: -0.1 } }))).toBe("inconclusive");
  });
});

describe("without a control", () => {
  const alone = { units: { treatment: 1_000, control: null }, reported: { treatment: 1_000, control: null } };
  const events = { treatment: 4, control: null };
  const of = (over: Partial<Judged>) => verdictOf(judged({ ...alone, events, tolerated: null, ...over }));

  test("what came before decides where no budget is set", () => {
    expect(of({ interval: { low: 0.001, high: 0.012 }, before: 0.02 })).toBe("no-harm-found");
    expect(of({ interval: { low: 0.001, high: 0.03 }, before: 0.02 })).toBe("inconclusive");
    expect(of({ harm: "fewer", interval: { low: 0.2, high: 0.4 }, before: 0.15 })).toBe("no-harm-found");
    expect(of({ harm: "fewer", interval: { low: 0.1, high: 0.4 }, before: 0.15 })).toBe("inconclusive");
  });

  test("a budget decides alone, and with neither nothing is concluded", () => {
    expect(of({ interval: { low: 0.001, high: 0.03 }, before: 0.02, tolerated: 0.05 })).toBe("no-harm-found");
    expect(of({ interval: { low: 0.001, high: 0.012 }, before: 0.02, tolerated: 0.01 })).toBe("inconclusive");
    expect(of({ interval: { low: 0, high: 0.0001 } })).toBe("inconclusive");
  });
});

test.each([
  ["the interval of a wide start", { low: -0.96, high: 1.9 }],
  ["an open end", { low: -0.5, high: null }],
  ["no interval", { low: null, high: null }],
  ["harm of two thirds is not ruled out", { low: -0.1, high: 0.66 }],
])("never healthy: %s", (_name, interval) => {
  expect(verdictOf(judged({ interval }))).toBe("inconclusive");
});

test("no harm is found where the interval rules out what matters, or what is tolerated if that is more", () => {
  expect(verdictOf(judged({ interval: { low: -0.3, high: 0.5 } }))).toBe("no-harm-found");
  expect(verdictOf(judged({ interval: { low: -0.3, high: 0.9 }, tolerated: 1 }))).toBe("no-harm-found");
  expect(verdictOf(judged({ harm: "fewer", interval: { low: -0.3, high: 9 }, tolerated: -0.05 }))).toBe(
    "no-harm-found",
  );
  expect(verdictOf(judged({ harm: "fewer", interval: { low: -0.5, high: 0 }, tolerated: -0.05 }))).toBe("inconclusive");
});

test("few users conclude nothing, however narrow the interval", () => {
  expect(verdictOf(judged({ units: { treatment: 19, control: 9_000 } }))).toBe("inconclusive");
});

test("without a single event in the control, the rate that would have been seen decides", () => {
  const none = { events: { treatment: 0, control: 0 }, interval: { low: -1, high: null } };
  expect(verdictOf(judged({ ...none, seen: 0.012 }))).toBe("no-harm-found");
  expect(verdictOf(judged({ ...none, seen: 0.08 }))).toBe("inconclusive");
  expect(verdictOf(judged({ ...none, seen: null }))).toBe("inconclusive");
});

test("without a control, a budget decides; without a budget nothing does", () => {
  const alone = { units: { treatment: 500, control: null }, reported: { treatment: 500, control: null } };
  const rate = { ...alone, events: { treatment: 5, control: null }, interval: { low: 0, high: 0.03 } };
  expect(verdictOf(judged({ ...rate, tolerated: 0.05 }))).toBe("no-harm-found");
  expect(verdictOf(judged({ ...rate, tolerated: 0.02 }))).toBe("inconclusive");
  expect(verdictOf(judged({ ...rate, tolerated: null }))).toBe("inconclusive");
});

test("the sentence says how small a harm would have been seen", () => {
  const tile = { ...judged(), rate: { treatment: 0.01, control: 0.01 }, verdict: "inconclusive", seen: 0.042 } as const;
  expect(seenWords(tile)).toBe("By now a rise from 1 % to 4.2 % would have been seen.");
  expect(seenWords({ ...tile, seen: 0.002 })).toBe("By now a fall from 1 % to 0.2 % would have been seen.");
  expect(seenWords({ ...tile, seen: null })).toBe("Too few users to see any harm yet.");
  expect(seenWords({ ...tile, verdict: "regression" })).toBe("");
});
