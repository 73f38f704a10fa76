import { expect, test } from "vitest";
import { metric as metricSchema, type Series, series as seriesSchema } from "../../schema/series.ts";
import type { ArmTotals, MetricTotals, SeriesTotals } from "../../schema/telemetry.ts";
import { binOf } from "../../telemetry/latency-sketch.ts";
import { entryShare } from "./alpha.ts";
import { assess } from "./assess.ts";
import { EMPTY_MEMORY, type GuardMemory } from "./guard-memory.ts";
import { guardTests, type Observation } from "./guard-tests.ts";

const METRICS = [
  { name: "errors", kind: "error" },
  { name: "speed", kind: "slow" },
  { name: "orders", kind: "conversion", tolerance: 0.02 },
  { name: "silence", kind: "missing", afterSeconds: 60 },
  { name: "basket", kind: "mean", direction: "down-is-bad", min: 0, max: 500 },
] as const;

function observed(over: Partial<Series> = {}, more: Partial<Observation> = {}): Observation {
  const series = seriesSchema.parse({
    id: "guard-7/1",
    by: "targetingKey",
    startedAt: 0,
    arms: [
      { variant: "on", share: 10_000 },
      { variant: "off", share: 90_000 },
    ],
    control: "off",
    windowSeconds: 600,
    outcomes: 1,
    metrics: METRICS.map((one) => metricSchema.parse(one)),
    source: "server",
    ...over,
  });
  return { series, alpha: 0.01, stages: 1, entry: 1, ...more };
}

const arm = (exposed: number, metrics: Record<string, MetricTotals> = {}): ArmTotals => ({
  exposed,
  first: 1,
  last: 2,
  metrics,
});
const errors = (units: number, failures: number): MetricTotals => ({ kind: "error", units, failures });
const totals = (arms: Record<string, ArmTotals>, clientArms: Record<string, ArmTotals> = {}): SeriesTotals => ({
  arms,
  clientArms,
  unattributed: 0,
  afterKill: 0,
  excluded: { staff: 0, bot: 0, preview: 0, synthetic: 0 },
  mismatched: 0,
  conflicting: 0,
});
const look = (observation: Observation, counts: SeriesTotals, memory: GuardMemory = EMPTY_MEMORY) =>
  assess(observation, guardTests(observation), counts, memory, "2026-11-25T22:00:00.000Z");

test("all tests of all metrics and arms together have no more than the entry's part of alpha", () => {
  const arms = ["on", "blue", "off"].map((variant) => ({ variant, share: 33_333 }));
  for (const observation of [
    observed(),
    observed({ arms }),
    observed({ control: null }),
    observed({}, { stages: 4, entry: 6 }),
  ]) {
    const metrics = observation.series.metrics.map((one) => ({ ...one, budget: 0.2 }));
    const baseline = Object.fromEntries(METRICS.map(({ name }) => [name, { units: 1_000, events: 10 }]));
    const spent = guardTests({ ...observation, baseline, series: { ...observation.series, metrics } as Series }).reduce(
      (sum, { alpha }) => sum + alpha,
      0,
    );
    expect(spent).toBeLessThanOrEqual(0.01 * entryShare(observation.entry, observation.stages) + 1e-12);
  }
});

test("a treatment that fails five times as often is found, and the evidence holds the numbers", () => {
  const counts = totals({
    on: arm(1_000, { errors: errors(1_000, 50) }),
    off: arm(9_000, { errors: errors(9_000, 90) }),
  });
  const { state, breach } = look(observed(), counts);
  expect(state).toBe("breached");
  expect(breach).toMatchObject({
    series: "guard-7/1",
    test: "comparison",
    metric: "errors",
    arm: "on",
    units: { treatment: 1_000, control: 9_000 },
    events: { treatment: 50, control: 90 },
    rate: { treatment: 0.05, control: 0.01 },
    change: 4,
    exposed: { on: 1_000, off: 9_000 },
  });
  expect(breach?.logEvidence).toBeGreaterThan(Math.log(1 / (breach?.alpha ?? 0)));
  expect(breach?.interval.low).toBeGreaterThan(0);
});

test("an incident that fails everybody in both arms breaches nothing, and fails the treatment alone at once", () => {
  const both = totals({ on: arm(100, { errors: errors(100, 90) }), off: arm(900, { errors: errors(900, 810) }) });
  expect(look(observed(), both).breach).toBeNull();
  const alone = totals({ on: arm(10, { errors: errors(10, 8) }), off: arm(90, { errors: errors(90, 1) }) });
  expect(look(observed(), alone).breach).not.toBeNull();
});

test("events of client keys are alerts, however many, and kill nothing", () => {
  const million = {
    on: arm(1_000_000, { errors: errors(1_000_000, 1_000_000) }),
    off: arm(9_000_000, { errors: errors(9_000_000, 0) }),
  };
  const quiet = { on: arm(100, { errors: errors(100, 1) }), off: arm(900, { errors: errors(900, 9) }) };
  const forged = look(observed(), totals(quiet, million));
  expect(forged.breach).toBeNull();
  expect(forged.clientAlerts).toMatchObject([{ metric: "errors", health: "breached" }]);
  expect({ ...forged, clientAlerts: [] }).toEqual(look(observed(), totals(quiet)));
});

test("a sample-ratio mismatch is told, and silences no breach", () => {
  const lost = totals({ on: arm(700, { errors: errors(700, 7) }), off: arm(9_000, { errors: errors(9_000, 90) }) });
  const metrics = [metricSchema.parse(METRICS[0])];
  expect(look(observed({ metrics }), lost)).toMatchObject({ state: "mismatch", breach: null });
  const worse = totals({ on: arm(700, { errors: errors(700, 60) }), off: arm(9_000, { errors: errors(9_000, 90) }) });
  const found = look(observed({ metrics }), worse);
  expect(found.state).toBe("breached");
  expect(found.mismatch).not.toBeNull();
});

const slow = (...blocks: [number, number[]][]): MetricTotals => ({
  kind: "slow",
  units: blocks.reduce((sum, [, latencies]) => sum + latencies.length, 0),
  blocks: blocks.map(([block, latencies]) => {
    const bins = new Map<number, number>();
    for (const ms of latencies) bins.set(binOf(ms), (bins.get(binOf(ms)) ?? 0) + 1);
    return { block, units: latencies.length, bins: [...bins] };
  }),
});
const many = (units: number, ms: number): number[] => Array.from({ length: units }, () => ms);

test("a block's threshold comes from the control's earlier blocks and never moves again", () => {
  const first = totals({
    on: arm(20, { speed: slow([0, many(20, 100)], [1, many(5, 500)]) }),
    off: arm(180, { speed: slow([0, many(100, 100)], [1, many(45, 100)]) }),
  });
  const { memory, tiles } = look(observed(), first);
  // The first block has no earlier one: its units are left out.
  expect(memory.thresholds.speed).toEqual({ 1: binOf(1.2 * 2 ** (binOf(100) / 16)) });
  expect(tiles.find(({ metric }) => metric === "speed")).toMatchObject({
    units: { treatment: 5, control: 45 },
    events: { treatment: 5, control: 0 },
  });
  const later = totals({
    on: first.arms.on as ArmTotals,
    off: arm(180, { speed: slow([0, many(100, 9_000)], [1, many(45, 100)]) }),
  });
  expect(look(observed(), later, memory).memory.thresholds.speed).toEqual(memory.thresholds.speed);
});

test("too few earlier control units fix no threshold yet", () => {
  const counts = totals({
    on: arm(20, { speed: slow([1, many(20, 500)]) }),
    off: arm(30, { speed: slow([0, many(30, 100)]) }),
  });
  expect(look(observed(), counts).memory.thresholds.speed).toEqual({});
});

const baskets = (units: number, average: number): MetricTotals => ({
  kind: "mean",
  units,
  sum: units * average,
  sumSquares: units * (average ** 2 + 900),
});

test("a mean is tested from the moment on which its centre was fixed, with later units only", () => {
  const early = totals({ on: arm(10, { basket: baskets(10, 10) }), off: arm(90, { basket: baskets(90, 100) }) });
  const { memory, breach } = look(observed(), early);
  expect(memory.centres.basket).toMatchObject({ centre: 100, from: { on: { units: 10 }, off: { units: 90 } } });
  expect(breach).toBeNull();
  const later = totals({
    on: arm(2_010, { basket: baskets(2_010, 70) }),
    off: arm(18_090, { basket: baskets(18_090, 100) }),
  });
  const found = look(observed(), later, memory);
  expect(found.breach).toMatchObject({ metric: "basket", units: { treatment: 2_000, control: 18_000 } });
  expect(found.breach?.change).toBeCloseTo(-0.3, 2);
  expect(look(observed(), early, found.memory).memory.centres).toEqual(memory.centres);
});

test("without a concurrent control, budgets and what came before are what is left, and are called weaker", () => {
  const metrics = [metricSchema.parse({ name: "errors", kind: "error", budget: 0.05 })];
  const staff = (more: Partial<Observation> = {}) =>
    observed({ arms: [{ variant: "on", share: 100_000 }], control: null, metrics }, more);
  const bad = totals({ on: arm(200, { errors: errors(200, 40) }) });
  expect(look(staff(), bad)).toMatchObject({ state: "breached", tiles: [{ basis: "weaker", tolerated: 0.05 }] });
  const fair = totals({ on: arm(200, { errors: errors(200, 9) }) });
  expect(look(staff(), fair).breach).toBeNull();
  const baseline = { errors: { units: 50_000, events: 100 } };
  expect(look(staff({ baseline }), fair).breach).toMatchObject({ test: "before-after" });
});

test("what came before is enough to find no harm, where no budget is set", () => {
  const metrics = [metricSchema.parse({ name: "errors", kind: "error" })];
  const series = { arms: [{ variant: "on", share: 100_000 }], control: null, metrics };
  const fair = totals({ on: arm(20_000, { errors: errors(20_000, 100) }) });
  const tileOf = (baseline?: Observation["baseline"]) =>
    look(observed(series, baseline ? { baseline } : {}), fair).tiles[0];
  expect(tileOf({ errors: { units: 50_000, events: 500 } })).toMatchObject({
    verdict: "no-harm-found",
    tolerated: null,
  });
  expect(tileOf({ errors: { units: 50_000, events: 200 } })?.verdict).not.toBe("no-harm-found");
  expect(tileOf()?.verdict).toBe("inconclusive");
});

test("a circuit breaker waits for twenty distinct units", () => {
  const metrics = [metricSchema.parse({ name: "errors", kind: "error" })];
  const staff = observed({ arms: [{ variant: "on", share: 100_000 }], control: null, metrics });
  const failing = (units: number) => totals({ on: arm(units, { errors: errors(units, units) }) });
  expect(look(staff, failing(19)).breach).toBeNull();
  expect(look(staff, failing(20)).breach).toMatchObject({ test: "circuit-breaker" });
});

test("nothing is called healthy while harm that matters is not ruled out", () => {
  const metrics = [metricSchema.parse({ name: "errors", kind: "error" })];
  const seen = (scale: number, failures: number) =>
    look(
      observed({ metrics }),
      totals({
        on: arm(scale, { errors: errors(scale, failures) }),
        off: arm(9 * scale, { errors: errors(9 * scale, 9 * failures) }),
      }),
    );
  expect(seen(5, 0)).toMatchObject({ state: "collecting", tiles: [{ verdict: "inconclusive", health: "collecting" }] });
  // As many failures in both arms, but so few that twice as many could hide.
  const wide = seen(300, 3).tiles[0];
  expect(wide?.interval.high).toBeGreaterThan(1);
  expect(wide).toMatchObject({ verdict: "inconclusive", health: "collecting" });
  expect(seen(60_000, 600)).toMatchObject({
    state: "healthy",
    tiles: [{ verdict: "no-harm-found", health: "healthy" }],
  });
});

test("people who meet the release and send nothing are an alarm, also where nobody in either arm does", () => {
  const metrics = [metricSchema.parse({ name: "silent", kind: "missing", event: "outcome", afterSeconds: 60 })];
  const silence = (units: number): MetricTotals => ({ kind: "missing", units, failures: units });
  const all = totals({ on: arm(350, { silent: silence(350) }), off: arm(3_150, { silent: silence(3_150) }) });
  expect(look(observed({ metrics }), all)).toMatchObject({
    state: "no-data",
    breach: null,
    reported: { silent: 0 },
    tiles: [{ verdict: "no-data", health: "collecting", rate: { treatment: 1, control: 1 } }],
  });
  expect(look(observed({ metrics }), totals({})).state).toBe("collecting");
});

test("an event that one metric hears has arrived for all of them, and nobody is silent before the wait is over", () => {
  const metrics = [
    metricSchema.parse({ name: "errors", kind: "error", event: "outcome" }),
    metricSchema.parse({ name: "silent", kind: "missing", event: "outcome", afterSeconds: 60 }),
  ];
  const undecided: MetricTotals = { kind: "missing", units: 0, failures: 0 };
  const counts = (failures: number, heard: number, silent: MetricTotals) =>
    totals({
      on: arm(100, { errors: errors(heard, failures), silent }),
      off: arm(900, { errors: errors(9 * heard, 9 * failures), silent }),
    });
  expect(look(observed({ metrics }), counts(2, 100, undecided))).toMatchObject({
    state: "collecting",
    reported: { errors: 1_000, silent: 1_000 },
  });
  // Nothing at all has come: that is known at once, although the wait is not over.
  expect(look(observed({ metrics }), counts(0, 0, undecided))).toMatchObject({
    state: "no-data",
    reported: { errors: 0, silent: 0 },
  });
  const alone = look(observed({ metrics: metrics.slice(1) }), counts(0, 0, undecided));
  expect([alone.state, alone.reported]).toEqual(["collecting", { silent: 1_000 }]);
});
