import { METRIC_WORDS } from "../../shared/guard/metrics/words.ts";
import { type GuardTest, guardTests, harmOf, ratioOf, shareOf } from "../../shared/guard/statistics/guard-tests.ts";
import { twoSampleBound } from "../../shared/guard/statistics/power.ts";
import { METRIC_KINDS, type Metric, type MetricKind, metric, type Series } from "../../shared/schema/series.ts";
import { Random } from "./random.ts";
import { asymptoticSequence, fixedThreshold, type Look, mixtureSprt } from "./rivals.ts";

export interface Scenario {
  name: string;
  metric: Metric["kind"];
  control: number;
  treatment: number;
  /** Of the treatment, in percent. */
  exposure: number;
}
/** Units (of both arms) at which each method stopped the release, run by run. */
export interface Detection {
  bound: number;
  alpha: number;
  guard: number[];
  fixed: number[];
  sprt: number[];
  asymptotic: number[];
}

/** Of kinds that the dashboard offers no settings for. */
const SETTINGS: Partial<Record<MetricKind, object>> = {
  mean: { direction: "down-is-bad", of: "exposed", min: 0, max: 1 },
};

/** A plan of three guarded stages, a metric of every kind each, alpha 0.01, on its first pass: a usual one. */
export function planTests(exposure: number, tolerance = 0): { series: Series; tests: GuardTest[] } {
  const series: Series = {
    id: "bench/1",
    by: "targetingKey",
    startedAt: 0,
    arms: [
      { variant: "on", share: exposure * 1_000 },
      { variant: "off", share: 100_000 - exposure * 1_000 },
    ],
    control: "off",
    windowSeconds: 600,
    outcomes: 1,
    source: "server",
    metrics: METRIC_KINDS.map((kind) =>
      metric.parse({ name: kind, kind, ...METRIC_WORDS[kind].offer?.settings, ...SETTINGS[kind], tolerance }),
    ),
  };
  return { series, tests: guardTests({ series, alpha: 0.01, stages: 3, entry: 1 }) };
}

/** So many units without a decision, in bounds, end a run: a method that has not seen it by then counts as this late. */
const PATIENCE = 12;

/** Runs a scenario `runs` times. Units come one by one; only those with the event can move a test. */
export function detect(scenario: Scenario, runs: number, seed: number, stream: number): Detection {
  const random = new Random(seed, stream);
  const { series, tests } = planTests(scenario.exposure);
  const test = tests.find(({ metric, kind }) => metric.kind === scenario.metric && kind === "comparison") as GuardTest;
  const share = shareOf(series, "on");
  const harm = harmOf(test.metric);
  const { control, treatment } = scenario;
  const bound = twoSampleBound({ share, ratio: ratioOf(test.metric), harm }, { control, treatment }, test.alpha);
  const found: Detection = { bound, alpha: test.alpha, guard: [], fixed: [], sprt: [], asymptotic: [] };
  for (let run = 0; run < runs; run++) {
    const end = { guard: 0, fixed: 0, sprt: 0, asymptotic: 0 };
    const look: Look = {
      treatment: { units: 0, events: 0 },
      control: { units: 0, events: 0 },
      share,
      harm,
      alpha: test.alpha,
    };
    const eventRate = share * treatment + (1 - share) * control;
    const eventShare = (share * treatment) / eventRate;
    const otherShare = (share * (1 - treatment)) / (1 - eventRate);
    let units = 0;
    while (!(end.guard && end.fixed && end.sprt && end.asymptotic) && units < PATIENCE * bound) {
      const gap = random.geometric(eventRate);
      units += gap;
      const others = random.binomial(gap - 1, otherShare);
      const treated = random.next() < eventShare;
      look.treatment.units += others + (treated ? 1 : 0);
      look.control.units += gap - 1 - others + (treated ? 0 : 1);
      (treated ? look.treatment : look.control).events++;
      // Only an event in the arm that suffers can raise the evidence.
      if (treated !== (harm === "more")) continue;
      if (!end.guard) {
        const evidence = test.logEvidence(sample(look.treatment), sample(look.control));
        if (evidence >= test.bar) end.guard = units;
      }
      if (!end.fixed && fixedThreshold(look)) end.fixed = units;
      if (!end.sprt && mixtureSprt(look, Math.abs(treatment - control))) end.sprt = units;
      if (!end.asymptotic && asymptoticSequence(look, bound)) end.asymptotic = units;
    }
    for (const method of ["guard", "fixed", "sprt", "asymptotic"] as const) found[method].push(end[method] || units);
  }
  return found;
}

const sample = ({ units, events }: { units: number; events: number }) => ({ units, sum: events, sumSquares: events });
