import { ownOf } from "../../own.ts";
import type { BreachEvidence, GuardState, GuardTile } from "../../schema/guard.ts";
import { eventOf, type Metric, type Series } from "../../schema/series.ts";
import type { ArmTotals, SeriesTotals } from "../../schema/telemetry.ts";
import { testOf } from "../metrics/tests.ts";
import { ENOUGH_UNITS, verdictOf } from "../verdict.ts";
import type { GuardMemory } from "./guard-memory.ts";
import { type GuardTest, harmOf, type Observation, ratioOf, shareOf, shareParts } from "./guard-tests.ts";
import type { Moments } from "./mean-test.ts";
import { logMismatch } from "./sample-ratio.ts";
import { isUndecidedIn, remember, reportedIn, sampleOf } from "./samples.ts";
import { seenBy } from "./seen.ts";

/** Confidence of the intervals that are shown. */
const SHOWN_ALPHA = 0.05;
/** Level of the check of the planned shares: a false alarm here costs a look, nothing else. */
const MISMATCH_ALPHA = 0.001;
/** Without what it would have seen: that is reckoned when somebody looks. */
export type AssessedTile = Omit<GuardTile, "seen">;

export interface Assessment {
  memory: GuardMemory;
  state: Exclude<GuardState, "waiting-for-approval">;
  tiles: AssessedTile[];
  /** The strongest breach, when there is one. */
  breach: BreachEvidence | null;
  /** Breaches among what client keys alone report: anybody can send those, so they stop nothing. */
  clientAlerts: AssessedTile[];
  mismatch: { logEvidence: number; bar: number } | null;
  exposed: Record<string, number>;
  /** Units that sent an event for a metric, by its name, over all arms. */
  reported: Record<string, number>;
}

/**
 * What an observation's counts say now. Pure: the same counts and memory give the same answer, so it may be asked
 * again, late, or after a restart. `at` is written into the evidence and decides nothing.
 */
export function assess(
  observation: Observation,
  tests: readonly GuardTest[],
  totals: SeriesTotals,
  earlier: GuardMemory,
  at: string,
): Assessment {
  const { series } = observation;
  const memory = remember(series, totals.arms, earlier);
  const judged = judge(observation, tests, totals.arms, memory);
  // A memory of their own would let clients choose the thresholds; the servers' hold for them, too.
  const client = judge(observation, tests, totals.clientArms, memory);
  const exposed = Object.fromEntries(
    series.arms.map(({ variant }) => [variant, ownOf(totals.arms, variant)?.exposed ?? 0]),
  );
  const worst = judged
    .filter(({ test, logEvidence }) => logEvidence >= test.bar)
    .sort((a, b) => b.logEvidence - b.test.bar - (a.logEvidence - a.test.bar))[0];
  const mismatch = shareMismatch(observation, exposed);
  const tiles = tilesOf(series, judged);
  const reported = reportedOf(series, totals.arms, exposed);
  const isMismatch = mismatch !== null && mismatch.logEvidence >= mismatch.bar;
  return {
    memory,
    tiles,
    breach: worst
      ? {
          series: series.id,
          test: worst.test.kind,
          ...worst.numbers,
          logEvidence: rounded(worst.logEvidence),
          alpha: worst.test.alpha,
          exposed,
          at,
        }
      : null,
    clientAlerts: tilesOf(series, client).filter(({ health }) => health === "breached"),
    mismatch: isMismatch ? mismatch : null,
    exposed,
    reported,
    state: worst ? "breached" : isBlind(exposed, reported) ? "no-data" : isMismatch ? "mismatch" : calm(tiles),
  };
}

interface Judged {
  test: GuardTest;
  logEvidence: number;
  numbers: Numbers;
}
type Numbers = Pick<
  GuardTile,
  | "arm"
  | "metric"
  | "kind"
  | "units"
  | "reported"
  | "events"
  | "rate"
  | "change"
  | "interval"
  | "confidence"
  | "tolerated"
>;

function judge(
  { series }: Observation,
  tests: readonly GuardTest[],
  arms: Readonly<Record<string, ArmTotals>>,
  memory: GuardMemory,
): Judged[] {
  const numbers = new Map<string, Numbers>();
  return tests.map((test) => {
    const { metric, arm } = test;
    const treatment = sampleOf(metric, ownOf(arms, arm), arm, memory);
    const control =
      series.control === null ? null : sampleOf(metric, ownOf(arms, series.control), series.control, memory);
    const centre = ownOf(memory.centres, metric.name)?.centre;
    const place = `${arm}/${metric.name}`;
    const known = numbers.get(place) ?? {
      ...(control
        ? compared(arm, metric, shareOf(series, arm), treatment, control, centre)
        : alone(arm, metric, treatment)),
      reported: {
        treatment: reportedIn(metric, ownOf(arms, arm)),
        control: series.control === null ? null : reportedIn(metric, ownOf(arms, series.control)),
      },
    };
    numbers.set(place, known);
    return { test, numbers: known, logEvidence: test.logEvidence(treatment, control ?? treatment, centre) };
  });
}

const rateOf = ({ units, sum }: Moments): number | null => (units === 0 ? null : sum / units);
const rounded = (x: number): number => Number(x.toPrecision(6));
const finite = (x: number): number | null => (Number.isFinite(x) ? rounded(x) : null);

function compared(
  arm: string,
  metric: Metric,
  share: number,
  treatment: Moments,
  control: Moments,
  centre: number | undefined,
): Omit<Numbers, "reported"> {
  const [ours, theirs] = [rateOf(treatment), rateOf(control)];
  const { statistic } = testOf(metric.kind);
  const interval = statistic.quotient(metric, share, [treatment, control], centre, SHOWN_ALPHA);
  return {
    arm,
    metric: metric.name,
    kind: metric.kind,
    units: { treatment: treatment.units, control: control.units },
    events: { treatment: rounded(treatment.sum), control: rounded(control.sum) },
    rate: { treatment: ours, control: theirs },
    change: ours === null || !theirs ? null : rounded(ours / theirs - 1),
    interval: { low: finite(interval.low - 1), high: finite(interval.high - 1) },
    confidence: 1 - SHOWN_ALPHA,
    tolerated: rounded(ratioOf(metric) - 1),
  };
}

const NO_INTERVAL = { low: Number.NaN, high: Number.NaN };

function alone(arm: string, metric: Metric, treatment: Moments): Omit<Numbers, "reported"> {
  const { low, high } = testOf(metric.kind).statistic.alone?.interval(treatment, SHOWN_ALPHA) ?? NO_INTERVAL;
  return {
    arm,
    metric: metric.name,
    kind: metric.kind,
    units: { treatment: treatment.units, control: null },
    events: { treatment: rounded(treatment.sum), control: null },
    rate: { treatment: rateOf(treatment), control: null },
    change: null,
    interval: { low: finite(low), high: finite(high) },
    confidence: 1 - SHOWN_ALPHA,
    tolerated: metric.budget ?? null,
  };
}

/** One tile for each metric and arm: of its tests, the one nearest to its bar. */
function tilesOf(series: Series, judged: readonly Judged[]): AssessedTile[] {
  const nearest = new Map<string, { judged: Judged; missing: number }>();
  const edges = new Map<string, number>();
  for (const one of judged) {
    const place = `${one.numbers.arm}/${one.numbers.metric}`;
    const missing = one.test.bar - one.logEvidence;
    if (one.test.edge !== undefined) edges.set(place, one.test.edge);
    const known = nearest.get(place);
    if (!known || missing < known.missing) nearest.set(place, { judged: one, missing });
  }
  return [...nearest.entries()].map(([place, { judged: one, missing }]) =>
    tileOf(series, one, missing <= 0, edges.get(place) ?? null),
  );
}

function tileOf(
  series: Series,
  { test, numbers, logEvidence }: Judged,
  isBreached: boolean,
  before: number | null,
): AssessedTile {
  // Needed where the control has no event; elsewhere the interval decides.
  const seen = numbers.events.control === 0 ? seenBy(series, test.metric, { ...numbers, alpha: test.alpha }) : null;
  const verdict = verdictOf({ ...numbers, isBreached, harm: harmOf(test.metric), seen, before });
  return {
    ...numbers,
    basis: numbers.units.control === null ? "weaker" : "concurrent",
    health: verdict === "regression" ? "breached" : verdict === "no-harm-found" ? "healthy" : "collecting",
    verdict,
    // A circuit breaker that has not seen enough units has no evidence; JSON has no infinity.
    logEvidence: rounded(Math.max(logEvidence, -1e6)),
    bar: rounded(test.bar),
    alpha: test.alpha,
  };
}

const calm = (tiles: readonly AssessedTile[]) =>
  tiles.length > 0 && tiles.every(({ verdict }) => verdict === "no-harm-found") ? "healthy" : "collecting";

/**
 * Units that sent a metric's event, by the metric's name. What one metric of an event has heard, all have; and a metric
 * whose units are decided only after a wait has, until then, missed nobody.
 */
function reportedOf(
  { metrics, arms }: Series,
  totals: SeriesTotals["arms"],
  exposed: Readonly<Record<string, number>>,
) {
  const met = Object.values(exposed).reduce((sum, units) => sum + units, 0);
  const own = metrics.map((metric) => {
    const its = arms.map(({ variant }) => ownOf(totals, variant));
    if (its.every((arm) => isUndecidedIn(metric, arm))) return null;
    return its.reduce((sum, arm) => sum + reportedIn(metric, arm), 0);
  });
  const heard = (metric: Metric): number => {
    const event = eventOf(metric);
    const all = own.filter((_, index) => event === null || eventOf(metrics[index] as Metric) === event);
    const decided = all.filter((units) => units !== null);
    return decided.length === 0 ? met : Math.max(...decided);
  };
  return Object.fromEntries(metrics.map((metric) => [metric.name, heard(metric)]));
}

/** People meet the release, and a metric hears of nobody: an alarm, since its guard cannot find anything. */
function isBlind(exposed: Readonly<Record<string, number>>, reported: Readonly<Record<string, number>>): boolean {
  const met = Object.values(exposed).reduce((sum, units) => sum + units, 0);
  return met >= ENOUGH_UNITS && Object.values(reported).includes(0);
}

function shareMismatch({ series }: Observation, exposed: Readonly<Record<string, number>>) {
  if (series.arms.length < 2) return null;
  const arms = shareParts(series).map(({ variant, share }) => ({ share, exposed: ownOf(exposed, variant) ?? 0 }));
  return { logEvidence: rounded(logMismatch(arms)), bar: rounded(Math.log(1 / MISMATCH_ALPHA)) };
}
