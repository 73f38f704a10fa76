import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tallyOf } from "../guard/metrics/tallies.ts";
import {
  blockOf,
  eventOf,
  type Metric,
  metric as metricSchema,
  type Series,
  series as seriesSchema,
} from "../schema/series.ts";
import type { MetricTotals } from "../schema/telemetry.ts";
import { cohortOf, isCohortOpen } from "./cohort.ts";
import { clockSkew, eventTime, TRANSFER_MS } from "./event-time.ts";
import { binOf } from "./latency-sketch.ts";
import { readDays, readTally, settleCohorts } from "./read-tally.ts";
import { type Exposure, inWindow, type OutcomeEvent, recordExposure, recordOutcome, type UnitRecord } from "./tally.ts";
import { mergeTotals } from "./totals.ts";

const START = Date.parse("2026-11-25T12:00:00Z");

const seriesOf = (metrics: unknown[], over: Partial<Series> = {}): Series =>
  seriesSchema.parse({
    id: "plan-1/1",
    by: "targetingKey",
    startedAt: START,
    arms: [
      { variant: "on", share: 10_000 },
      { variant: "off", share: 90_000 },
    ],
    control: "off",
    windowSeconds: 60,
    outcomes: 2,
    metrics,
    source: "server",
    ...over,
  });

const METRICS: Metric[] = [
  { kind: "error", name: "errors", event: "checkout" },
  { kind: "slow", name: "slow", event: "checkout" },
  { kind: "conversion", name: "orders" },
  { kind: "missing", name: "silent", afterSeconds: 5 },
  { kind: "mean", name: "revenue", event: "orders", direction: "down-is-bad", min: 0, max: 100 },
  { kind: "mean", name: "basket", event: "orders", of: "reporting", direction: "down-is-bad", min: 10, max: 50 },
].map((one) => metricSchema.parse(one));

type Step = { unit: number; exposure: Omit<Exposure, "revision"> } | { unit: number; outcome: OutcomeEvent };

/** As a shard does it, in memory. */
class Tally {
  readonly counters = new Map<string, number>();
  readonly records = new Map<number, UnitRecord>();
  readonly series: Series;

  constructor(series: Series) {
    this.series = series;
  }

  take(step: Step): void {
    const known = this.records.get(step.unit);
    if ("exposure" in step) {
      const exposure = { ...step.exposure, revision: 1 };
      this.records.set(step.unit, recordExposure(this.series, 0, known, exposure, this.counters));
    } else if (known) recordOutcome(this.series, 0, known, step.outcome, this.counters);
  }

  totals(now: number) {
    return readTally(this.series, this.counters, now);
  }
}

const exposed = (unit: number, arm: number, ms = 0, marks: Exposure["marks"] = []): Step => ({
  unit,
  exposure: { arm, at: START + ms, arrivedAt: START + ms, marks },
});
const outcome = (unit: number, ms: number, over: Partial<OutcomeEvent> = {}): Step => ({
  unit,
  outcome: { event: "checkout", at: START + ms, arrivedAt: START + ms, ...over },
});

/** What a metric comes to, the slow and obvious way: every unit's whole story at once. */
function expected(series: Series, steps: Step[], arm: number, metric: Metric, now: number): MetricTotals {
  const units = new Map<number, { exposure: Omit<Exposure, "revision">; outcomes: OutcomeEvent[] }>();
  for (const step of steps) {
    const story = units.get(step.unit);
    if ("exposure" in step) {
      if (!story) units.set(step.unit, { exposure: step.exposure, outcomes: [] });
    } else if (story && inWindow(series, story.exposure, step.outcome)) {
      const event = eventOf(metric);
      if (event === null || event === step.outcome.event) story.outcomes.push(step.outcome);
    }
  }
  const stories = [...units.values()].filter(({ exposure }) => exposure.arm === arm && exposure.marks.length === 0);
  const firsts = (of: OutcomeEvent[], has: (one: OutcomeEvent) => boolean) => of.filter(has).slice(0, series.outcomes);
  switch (metric.kind) {
    case "error": {
      const told = stories
        .map(({ outcomes }) => firsts(outcomes, ({ ok }) => ok !== undefined))
        .filter((of) => of.length > 0);
      const failures = told.filter((of) => of.some(({ ok }) => ok === false)).length;
      return { kind: "error", units: told.length, failures };
    }
    case "slow": {
      const blocks = new Map<number, Map<number, number>>();
      let count = 0;
      for (const { exposure, outcomes } of stories) {
        const timed = firsts(outcomes, ({ latencyMs }) => latencyMs !== undefined);
        if (timed.length === 0) continue;
        count++;
        const block = blockOf(exposure.at - series.startedAt, metric.blockSeconds);
        const bin = Math.max(...timed.map(({ latencyMs }) => binOf(latencyMs ?? 0)));
        const bins = blocks.get(block) ?? new Map<number, number>();
        bins.set(bin, (bins.get(bin) ?? 0) + 1);
        blocks.set(block, bins);
      }
      const sorted = [...blocks].sort(([a], [b]) => a - b);
      return {
        kind: "slow",
        units: count,
        blocks: sorted.map(([block, bins]) => ({
          block,
          units: [...bins.values()].reduce((a, b) => a + b, 0),
          bins: [...bins].sort(([a], [b]) => a - b),
        })),
      };
    }
    case "conversion": {
      const converted = stories.filter(({ outcomes }) => outcomes.some(({ ok }) => ok !== false));
      return { kind: "conversion", units: stories.length, conversions: converted.length };
    }
    case "missing": {
      const wait = tallyOf(metric.kind).waitMs(metric, series) as number;
      const decided = stories.filter(({ exposure }) => !isCohortOpen(cohortOf(exposure.arrivedAt, wait), wait, now));
      const silent = decided.filter(
        ({ exposure, outcomes }) =>
          !(outcomes[0] && isCohortOpen(cohortOf(exposure.arrivedAt, wait), wait, outcomes[0].arrivedAt)),
      );
      return { kind: "missing", units: decided.length, failures: silent.length };
    }
    case "mean": {
      const wait = tallyOf(metric.kind).waitMs(metric, series) as number;
      const cohort = ({ arrivedAt }: { arrivedAt: number }) => cohortOf(arrivedAt, wait);
      const decided = stories.filter(({ exposure }) => !isCohortOpen(cohort(exposure), wait, now));
      const values = decided.flatMap(({ exposure, outcomes }) => {
        const valued = firsts(
          outcomes.filter(({ arrivedAt }) => isCohortOpen(cohort(exposure), wait, arrivedAt)),
          ({ value }) => value !== undefined,
        );
        if (valued.length === 0 && metric.of === "reporting") return [];
        const sum = valued.reduce((total, { value }) => total + (value ?? 0), 0);
        return [Math.min(metric.max, Math.max(metric.min, sum))];
      });
      const sum = values.reduce((a, b) => a + b, 0);
      return { kind: "mean", units: values.length, sum, sumSquares: values.reduce((a, b) => a + b * b, 0) };
    }
  }
}

const ms = fc.integer({ min: 0, max: 120_000 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc
    .record({ unit: fc.nat(12), arm: fc.nat(1), at: ms, bot: fc.integer({ min: 0, max: 9 }) })
    .map(({ unit, arm, at, bot }) => exposed(unit, arm, at, bot === 0 ? ["bot"] : [])),
  fc
    .record({
      unit: fc.nat(12),
      at: ms,
      event: fc.constantFrom("checkout", "orders", "else"),
      ok: fc.option(fc.boolean(), { nil: undefined }),
      latencyMs: fc.option(fc.integer({ min: 0, max: 5_000 }), { nil: undefined }),
      // Whole numbers: sums in another order are the same.
      value: fc.option(fc.integer({ min: -20, max: 80 }), { nil: undefined }),
    })
    .map(({ unit, at, ...over }) => outcome(unit, at, over)),
);
/** In the order of arrival, which is our clock. */
const story = fc.array(step, { maxLength: 80 }).map((steps) => {
  const timeOf = (one: Step) => ("exposure" in one ? one.exposure.arrivedAt : one.outcome.arrivedAt);
  return [...steps].sort((a, b) => timeOf(a) - timeOf(b));
});

describe("a batch that is long on its way", () => {
  const HOUR = 3_600_000;
  /** As an edge corrects the time of what a sender's clock, wrong by `off`, says of `happened`. */
  const corrected = (happened: number, off: number, transfer: number): { at: number; shift: number } => {
    const sentAt = happened + off;
    const arrivedAt = happened + transfer;
    const skew = clockSkew(sentAt, arrivedAt);
    const time = skew === "clock-skew" ? null : eventTime(sentAt, skew, arrivedAt);
    if (time === null || "rejected" in time) throw new Error("refused");
    return time;
  };
  const counts = (exposure: { at: number; shift: number }, result: { at: number; shift: number }) => {
    const tally = new Tally(seriesOf(METRICS));
    tally.take({ unit: 1, exposure: { arm: 0, arrivedAt: exposure.at, marks: [], ...exposure } });
    tally.take({ unit: 1, outcome: { event: "checkout", ok: false, arrivedAt: result.at, ...result } });
    const metric = tally.totals(START + HOUR).arms.on?.metrics.errors;
    return metric?.kind === "error" && metric.failures === 1;
  };

  test("costs no outcome, whatever the sender's clock says and however long each took", () => {
    const transfer = fc.integer({ min: 0, max: TRANSFER_MS });
    const off = fc.integer({ min: -23 * HOUR, max: 23 * HOUR });
    fc.assert(
      fc.property(off, transfer, transfer, fc.integer({ min: 0, max: 60_000 }), (off, first, second, later) => {
        expect(counts(corrected(START, off, first), corrected(START + later, off, second))).toBe(true);
      }),
    );
  });

  test("lets nothing count that came before, nor what a clock of another sender says", () => {
    expect(counts(corrected(START, 0, 20_000), corrected(START - 2_000, 0, 0))).toBe(false);
    expect(counts(corrected(START, -HOUR, 0), corrected(START - 60_000, 0, 0))).toBe(false);
    expect(counts(corrected(START, 0, 0), corrected(START - 60_000, -HOUR, 0))).toBe(false);
  });

  test("is placed by our clock alone where an earlier version said no more", () => {
    const at = (ms: number) => ({ at: START + ms }) as { at: number; shift: number };
    expect([counts(at(20_000), at(1_000)), counts(at(0), at(1_000))]).toEqual([false, true]);
  });
});

describe("what is counted", () => {
  test("is what each unit's whole story comes to, for every kind of metric", () => {
    fc.assert(
      fc.property(
        story,
        fc.integer({ min: 0, max: 300_000 }),
        fc.integer({ min: 1, max: 3 }),
        (steps, later, outcomes) => {
          const series = seriesOf(METRICS, { outcomes });
          const tally = new Tally(series);
          for (const one of steps) tally.take(one);
          const now = START + 120_000 + later;
          const totals = tally.totals(now);
          for (const [arm, { variant }] of series.arms.entries()) {
            for (const metric of METRICS)
              expect(totals.arms[variant]?.metrics[metric.name]).toEqual(expected(series, steps, arm, metric, now));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test("never falls: failures, conversions, missing units, units over any edge", () => {
    fc.assert(
      fc.property(story, (steps) => {
        const series = seriesOf(METRICS);
        const tally = new Tally(series);
        let before: Record<string, number> = {};
        for (const one of steps) {
          tally.take(one);
          const now = "exposure" in one ? one.exposure.arrivedAt : one.outcome.arrivedAt;
          const after = monotone(tally.totals(now).arms);
          for (const [name, value] of Object.entries(before))
            expect([name, after[name] ?? 0]).toEqual([name, Math.max(value, after[name] ?? 0)]);
          before = after;
        }
      }),
    );
  });

  test("does not depend on how units are divided among shards", () => {
    fc.assert(
      fc.property(story, fc.integer({ min: 2, max: 4 }), (steps, shards) => {
        const series = seriesOf(METRICS);
        const whole = new Tally(series);
        const parts = Array.from({ length: shards }, () => new Tally(series));
        for (const one of steps) {
          whole.take(one);
          parts[one.unit % shards]?.take(one);
        }
        const now = START + 400_000;
        const shed = { server: 0, client: 0 };
        const merged = mergeTotals(parts.map((part) => ({ series: { [series.id]: part.totals(now) }, shed })));
        expect(merged.series[series.id]).toEqual(whole.totals(now));
      }),
    );
  });

  test("is the same after decided cohorts were added up, whenever that happens", () => {
    fc.assert(
      fc.property(story, fc.integer({ min: 0, max: 5 }), (steps, every) => {
        const series = seriesOf(METRICS);
        const settled = new Tally(series);
        const plain = new Tally(series);
        for (const [index, one] of steps.entries()) {
          settled.take(one);
          plain.take(one);
          const now = "exposure" in one ? one.exposure.arrivedAt : one.outcome.arrivedAt;
          if (index % (every + 1) === 0) settleCohorts(series, settled.counters.keys(), settled.counters, now);
        }
        for (const later of [0, 10_000, 500_000])
          expect(settled.totals(START + 120_000 + later)).toEqual(plain.totals(START + 120_000 + later));
      }),
    );
  });
});

function monotone(arms: ReturnType<Tally["totals"]>["arms"]): Record<string, number> {
  const values: Record<string, number> = {};
  for (const [variant, { metrics }] of Object.entries(arms)) {
    for (const [name, totals] of Object.entries(metrics)) {
      if (totals.kind === "error" || totals.kind === "missing") values[`${variant} ${name}`] = totals.failures;
      if (totals.kind === "conversion") values[`${variant} ${name}`] = totals.conversions;
      if (totals.kind === "slow") {
        for (const { block, bins } of totals.blocks)
          for (const edge of [0, 50, 100, 150])
            values[`${variant} ${name} ${block} ${edge}`] = bins.reduce(
              (n, [bin, count]) => n + (bin > edge ? count : 0),
              0,
            );
      }
    }
  }
  return values;
}

describe("one unit", () => {
  const errors = (tally: Tally, variant = "on") => tally.totals(START + 60_000).arms[variant]?.metrics.errors;

  test("that retries a thousand times is one failing unit", () => {
    const tally = new Tally(seriesOf(METRICS));
    tally.take(exposed(1, 0));
    for (let n = 0; n < 1_000; n++) tally.take(outcome(1, n, { ok: false }));
    expect(errors(tally)).toEqual({ kind: "error", units: 1, failures: 1 });
  });

  test("is judged by its first outcomes only, however it goes on", () => {
    const tally = new Tally(seriesOf(METRICS, { outcomes: 2 }));
    tally.take(exposed(1, 0));
    for (const ok of [true, true, false]) tally.take(outcome(1, 10, { ok }));
    expect(errors(tally)).toEqual({ kind: "error", units: 1, failures: 0 });
  });

  test("stays in its first arm, and is told apart as conflicting once", () => {
    const tally = new Tally(seriesOf(METRICS));
    for (const arm of [0, 1, 1, 0]) tally.take(exposed(1, arm));
    tally.take(outcome(1, 10, { ok: false }));
    const totals = tally.totals(START);
    expect([totals.arms.on?.exposed, totals.arms.off?.exposed, totals.conflicting]).toEqual([1, 0, 1]);
    expect(errors(tally)).toMatchObject({ failures: 1 });
  });

  test.each(["staff", "bot", "preview", "synthetic"] as const)(
    "of %s is counted apart, and nothing it does counts",
    (mark) => {
      const tally = new Tally(seriesOf(METRICS));
      tally.take(exposed(1, 0, 0, [mark]));
      tally.take(exposed(1, 0));
      tally.take(outcome(1, 10, { ok: false }));
      const totals = tally.totals(START);
      expect(totals.excluded).toEqual({ staff: 0, bot: 0, preview: 0, synthetic: 0, [mark]: 1 });
      expect(totals.arms.on?.exposed).toBe(0);
      expect(errors(tally)).toMatchObject({ units: 0, failures: 0 });
    },
  );

  test("that answers after its deadline stays missing", () => {
    const tally = new Tally(seriesOf(METRICS));
    tally.take(exposed(1, 0));
    tally.take(exposed(2, 0));
    tally.take(outcome(2, 4_000));
    const silent = (at: number) => tally.totals(START + at).arms.on?.metrics.silent;
    expect(silent(5_000)).toEqual({ kind: "missing", units: 0, failures: 0 });
    expect(silent(6_001)).toEqual({ kind: "missing", units: 2, failures: 1 });
    tally.take(outcome(1, 7_000));
    expect(silent(7_000)).toEqual({ kind: "missing", units: 2, failures: 1 });
  });

  test("counts within its window and not after it", () => {
    const tally = new Tally(seriesOf(METRICS, { windowSeconds: 60 }));
    tally.take(exposed(1, 0));
    tally.take(exposed(2, 0));
    tally.take(outcome(1, 60_000, { ok: false }));
    tally.take(outcome(2, 60_001, { ok: false }));
    expect(errors(tally)).toEqual({ kind: "error", units: 1, failures: 1 });
  });
});

test("days are those of the first exposures, with what came of them since", () => {
  const day = 86_400_000;
  const tally = new Tally(seriesOf([{ kind: "conversion", name: "orders" }], { windowSeconds: 3 * 86_400 }));
  tally.take(exposed(1, 0));
  tally.take(exposed(2, 0, day));
  tally.take(outcome(1, 2 * day, { event: "orders" }));
  expect(readDays(tally.series, tally.counters)).toEqual([
    { day: "2026-11-25", arms: { on: { exposed: 1, metrics: { orders: 1 } } } },
    { day: "2026-11-26", arms: { on: { exposed: 1, metrics: {} } } },
  ]);
});
