import { SPLIT_TOTAL } from "../../limits.ts";
import { ownOf } from "../../own.ts";
import type { GuardTestKind } from "../../schema/guard.ts";
import { directionOf, type Metric, type Series } from "../../schema/series.ts";
import { counted } from "../metrics/metric-test.ts";
import { testOf } from "../metrics/tests.ts";
import { splitAlpha } from "./alpha.ts";
import type { Harm } from "./coin-test.ts";
import type { Moments } from "./mean-test.ts";

/** Everything that decides what a guard does with counts. Fixed before the first of them. */
export interface Observation {
  series: Series;
  /** Of the whole plan, its stages, and the 1-based count of entries into this stage: see alpha.ts. */
  alpha: number;
  stages: number;
  entry: number;
  /** By metric: what the control did in an earlier stage, for a stage without one. */
  baseline?: Readonly<Record<string, { units: number; events: number }>> | undefined;
}

/** One thing that may stop a release. `Moments.sum` counts units with the event, except for a mean. */
export interface GuardTest {
  kind: GuardTestKind;
  arm: string;
  metric: Metric;
  alpha: number;
  /** ln(1/alpha): the evidence at which it stops. */
  bar: number;
  /** Of `before-after`: the rate that what came before allows. */
  edge?: number;
  /** `centre` is the mean test's; before it is fixed there is no evidence. */
  logEvidence(treatment: Moments, control: Moments, centre?: number): number;
}

/** Distinct units that a circuit breaker must have seen: below, one odd account could be most of them. */
export const BREAKER_UNITS = 20;
/** Where it trips unless the metric says otherwise: nobody calls code harmless that fails half of its users. */
const BREAKER_BUDGET = 0.5;

export const harmOf = (metric: Metric): Harm => (directionOf(metric) === "up-is-bad" ? "more" : "fewer");

/** The tolerated quotient, treatment over control. */
export const ratioOf = (metric: Metric): number =>
  harmOf(metric) === "more" ? 1 + metric.tolerance : Math.max(0.01, 1 - metric.tolerance);

/** The treatment's share among itself and the control. */
export function shareOf({ arms, control }: Series, arm: string): number {
  const part = (variant: string | null) => arms.find((one) => one.variant === variant)?.share ?? 0;
  return part(arm) / (part(arm) + part(control));
}

/** The arms that are judged: all but the control. */
export const treatmentsOf = ({ arms, control }: Series): string[] =>
  arms.map(({ variant }) => variant).filter((variant) => variant !== control);

/** Every test of an observation, with its part of alpha. Together they err with probability at most the entry's part. */
export function guardTests(observation: Observation): GuardTest[] {
  const { series, alpha, stages, entry } = observation;
  const arms = treatmentsOf(series);
  const level = splitAlpha({ alpha, stages, entry, metrics: series.metrics.length, arms: arms.length });
  return arms.flatMap((arm) =>
    series.metrics.flatMap((metric) =>
      series.control === null
        ? withoutControl(arm, metric, observation, level)
        : withControl(arm, metric, shareOf(series, arm), level),
    ),
  );
}

type Level = ReturnType<typeof splitAlpha>;

function withControl(arm: string, metric: Metric, share: number, level: Level): GuardTest[] {
  const { statistic, breaksCircuit } = testOf(metric.kind);
  const common = { arm, metric };
  const compared = statistic.against(metric, { share, ratio: ratioOf(metric), harm: harmOf(metric) });
  const tests: GuardTest[] = [{ kind: "comparison", ...common, ...at(level.comparison), logEvidence: compared }];
  const absolute = breaksCircuit ? breaker(metric) : null;
  if (absolute)
    tests.push({
      kind: "circuit-breaker",
      ...common,
      ...at(level.breaker),
      // Both at once: beyond the budget, and worse than the control, so that an outage of everything trips nothing.
      logEvidence: (treatment, control) => Math.min(absolute(treatment), compared(treatment, control)),
    });
  return tests;
}

/**
 * Without a concurrent control, shares are held to an absolute budget, and to what the control did before (its upper
 * bound, at half of the level). Weaker: a bad hour looks like a bad release.
 */
function withoutControl(arm: string, metric: Metric, { baseline }: Observation, level: Level): GuardTest[] {
  const { statistic, breaksCircuit } = testOf(metric.kind);
  const { alone } = statistic;
  if (!alone) return [];
  const common = { arm, metric };
  const tests: GuardTest[] = [];
  const harm = harmOf(metric);
  if (metric.budget !== undefined) {
    const logEvidence = alone.against(metric.budget, harm);
    tests.push({ kind: "budget", ...common, ...at(level.comparison / 2), logEvidence });
  }
  const before = ownOf(baseline, metric.name);
  if (before) {
    const bounds = alone.interval(counted(before.units, before.events), level.comparison / 2);
    const edge = (harm === "more" ? bounds.high : bounds.low) * ratioOf(metric);
    const logEvidence = alone.against(Math.min(0.999, Math.max(1e-6, edge)), harm);
    tests.push({ kind: "before-after", ...common, ...at(level.comparison / 4), edge, logEvidence });
  }
  const absolute = breaksCircuit ? breaker(metric) : null;
  if (absolute) tests.push({ kind: "circuit-breaker", ...common, ...at(level.breaker), logEvidence: absolute });
  return tests;
}

const at = (alpha: number) => ({ alpha, bar: Math.log(1 / alpha) });

/** Null where an arm alone cannot be judged. */
function breaker(metric: Metric): ((arm: Moments) => number) | null {
  const test = testOf(metric.kind).statistic.alone?.against(metric.budget ?? BREAKER_BUDGET, "more");
  return test ? (arm) => (arm.units < BREAKER_UNITS ? Number.NEGATIVE_INFINITY : test(arm)) : null;
}

/** Parts of everybody observed, as probabilities. */
export const shareParts = ({ arms }: Series): { variant: string; share: number }[] => {
  const total = arms.reduce((sum, arm) => sum + arm.share, 0) || SPLIT_TOTAL;
  return arms.map(({ variant, share }) => ({ variant, share: share / total }));
};
