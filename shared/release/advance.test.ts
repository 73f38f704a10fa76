import { describe, expect, test } from "vitest";
import { metric } from "../schema/series.ts";
import { type StageCounts, stageHolds } from "./advance.ts";
import { USUAL_GUARDS } from "./presets.ts";

const tile = (name: string, treatment: number, control: number | null = treatment, health = "collecting") =>
  ({ metric: name, units: { treatment, control }, health }) as StageCounts["tiles"][number];
const counts = (over: Partial<StageCounts> = {}): StageCounts => ({
  series: {
    arms: [
      { variant: "on", share: 10_000 },
      { variant: "off", share: 90_000 },
    ],
    metrics: [...USUAL_GUARDS],
  },
  minimumUnits: 100,
  exposed: { on: 100, off: 900 },
  reported: { errors: 400, slow: 400, silent: 400 },
  tiles: [tile("errors", 40, 360), tile("slow", 40, 360), tile("silent", 100, 900)],
  ...over,
});

test("a stage whose metrics receive events and show no regression goes on, also while nothing is concluded", () => {
  expect(stageHolds(counts())).toEqual([]);
});

test("a stage whose metrics receive nothing stays, and names the one event it waits for", () => {
  const silent = counts({ exposed: { on: 3_500, off: 31_500 }, reported: { errors: 0, slow: 0, silent: 0 } });
  expect(stageHolds(silent)).toEqual([{ for: "event", event: "outcome", metrics: ["errors", "slow", "silent"] }]);
});

test("silence of everybody holds a stage that watches for nothing else", () => {
  const series = { ...counts().series, metrics: USUAL_GUARDS.filter(({ kind }) => kind === "missing") };
  const all = { series, tiles: [tile("silent", 3_500, 31_500, "healthy")] };
  expect(stageHolds(counts({ ...all, reported: { silent: 0 } }))).toMatchObject([{ for: "event", event: "outcome" }]);
  expect(stageHolds(counts({ ...all, reported: { silent: 9 } }))).toEqual([]);
});

test("each event that does not arrive is named, and any event where a metric takes any", () => {
  const metrics = [
    { kind: "conversion", name: "orders" },
    { kind: "error", name: "errors", event: "checkout" },
    { kind: "missing", name: "silent", afterSeconds: 60 },
  ].map((one) => metric.parse(one));
  const holds = stageHolds(counts({ series: { ...counts().series, metrics }, reported: { errors: 5 }, tiles: [] }));
  expect(holds.map((hold) => hold.for === "event" && hold.event)).toEqual(["orders", null]);
});

test("without a control a metric without any test still has to receive its event", () => {
  const alone = { series: { ...counts().series, arms: [{ variant: "on", share: 100_000 }] }, exposed: { on: 5_000 } };
  expect(stageHolds(counts({ ...alone, tiles: [], reported: {} }))).toMatchObject([{ for: "event" }]);
  expect(stageHolds(counts({ ...alone, tiles: [] }))).toEqual([]);
});

describe("what else holds a stage", () => {
  test("too few users in the smaller group, none exposed included", () => {
    expect(stageHolds(counts({ exposed: { off: 900 } }))).toEqual([{ for: "units", units: 0, atLeast: 100 }]);
  });
  test("too few outcomes in one group", () => {
    const tiles = [tile("errors", 19, 360), tile("slow", 40, 360), tile("silent", 100, 900)];
    expect(stageHolds(counts({ tiles }))).toEqual([{ for: "outcomes", metric: "errors", units: 19, atLeast: 20 }]);
  });
  test("a regression", () => {
    const tiles = [tile("errors", 40, 360, "breached")];
    expect(stageHolds(counts({ tiles }))).toEqual([{ for: "regression", metric: "errors" }]);
  });
});
