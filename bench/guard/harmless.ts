import { EMPTY_MEMORY, type GuardMemory } from "../../shared/guard/statistics/guard-memory.ts";
import { type GuardTest, shareOf } from "../../shared/guard/statistics/guard-tests.ts";
import type { Moments } from "../../shared/guard/statistics/mean-test.ts";
import { remember } from "../../shared/guard/statistics/samples.ts";
import { blockOf, METRIC_KINDS, type Metric, type MetricKind, type Series } from "../../shared/schema/series.ts";
import type { ArmTotals } from "../../shared/schema/telemetry.ts";
import { binOf } from "../../shared/telemetry/latency-sketch.ts";
import { planTests } from "./detection.ts";
import type { Random } from "./random.ts";
import { asymptoticSequence, fixedThreshold, mixtureSprt } from "./rivals.ts";

/** What one harmless plan met, and which methods would have taken it back. */
export interface PlanOutcome {
  /** The test that killed it; null as it should be. */
  guard: string | null;
  fixed: boolean;
  /** The fixed threshold on requests instead of units: what a dashboard of request counts would do. */
  fixedRequests: boolean;
  sprt: boolean;
  asymptotic: boolean;
  units: number;
}

/** Exposure of the treatment by stage, in percent. */
const STAGES = [1, 10, 50] as const;
const prepared = new Map(STAGES.map((exposure) => [exposure, planTests(exposure)]));
/** Kinds that are simulated as what they are in production: one thing leads to another. */
const TOLD_APART = ["error", "slow", "conversion", "missing", "mean"] as const satisfies readonly MetricKind[];
/** Any other kind there is: a share of units that some event happens to. */
const OTHERS = METRIC_KINDS.filter((kind) => !TOLD_APART.some((one) => one === kind));
/** Units between two looks at the mean, whose test costs most. The other tests are looked at after every unit that can raise them. */
const MEAN_EVERY = 8;

/**
 * One plan from 1 to 50 % whose two arms run the same code: harmless by construction, at the very border of what is
 * tolerated (tolerance 0). What differs between units and moments is what differs in production.
 */
export function harmlessPlan(random: Random): PlanOutcome {
  const outcome: PlanOutcome = {
    guard: null,
    fixed: false,
    fixedRequests: false,
    sprt: false,
    asymptotic: false,
    units: 0,
  };
  const world = newWorld(random);
  for (const exposure of STAGES) {
    const { series, tests } = prepared.get(exposure) as ReturnType<typeof planTests>;
    runStage(series, tests, world, random, outcome);
    if (outcome.guard) break;
  }
  return outcome;
}

interface World {
  error: number;
  missing: number;
  conversion: number;
  /** Median latency (ms). */
  latency: number;
  /** A day's swing of rates and latencies. */
  swing: number;
  /** Log-odds by which households, teams, companies differ. */
  clusterSpread: number;
  botShare: number;
  whale: boolean;
  /** How often what any other metric counts happens to a unit. */
  others: ReadonlyMap<MetricKind, number>;
}

function newWorld(random: Random): World {
  return {
    error: 10 ** random.between(-3, -1),
    missing: 10 ** random.between(-3, -1.5),
    conversion: random.between(0.02, 0.3),
    latency: random.between(40, 400),
    swing: random.between(0, 0.8),
    clusterSpread: random.between(0, 2),
    botShare: random.between(0, 0.1),
    whale: random.next() < 0.5,
    others: new Map(OTHERS.map((kind) => [kind, 10 ** random.between(-3, -0.5)])),
  };
}

class Arm {
  exposed = 0;
  readonly of = Object.fromEntries(METRIC_KINDS.map((kind) => [kind, counts()])) as Record<MetricKind, Moments>;
  readonly requests = { units: 0, events: 0 };
  readonly blocks = new Map<number, { units: number; bins: Map<number, number> }>();

  totals(): ArmTotals {
    const blocks = [...this.blocks].map(([block, { units, bins }]) => ({ block, units, bins: [...bins] }));
    return {
      exposed: this.exposed,
      first: 0,
      last: 0,
      metrics: {
        slow: { kind: "slow", units: this.of.slow.units, blocks },
        mean: { kind: "mean", ...this.of.mean },
      },
    };
  }
}
const counts = (): Moments => ({ units: 0, sum: 0, sumSquares: 0 });
function tell(sample: Moments, event: boolean): void {
  sample.units++;
  if (event) {
    sample.sum++;
    sample.sumSquares++;
  }
}
const shifted = (p: number, logOdds: number): number => {
  const odds = (p / (1 - p)) * Math.exp(logOdds);
  return odds / (1 + odds);
};

function runStage(series: Series, tests: GuardTest[], world: World, random: Random, outcome: PlanOutcome): void {
  const share = shareOf(series, "on");
  const [on, off] = [new Arm(), new Arm()];
  const byMetric = new Map<Metric["kind"], GuardTest[]>();
  for (const test of tests) byMetric.set(test.metric.kind, [...(byMetric.get(test.metric.kind) ?? []), test]);
  const meanMetric = series.metrics.find(({ kind }) => kind === "mean") as Metric;
  let memory: GuardMemory = EMPTY_MEMORY;
  let block = -1;
  let threshold: number | undefined;

  const units = Math.round(10 ** random.between(2.8, 4.05));
  const stageMs = random.between(600, 86_400) * 1_000;
  const phase = random.between(0, 2 * Math.PI);
  const incidentAt = random.next();
  const incidentFor = random.between(0.02, 0.2);
  const incidentErrors = random.between(1, 5);
  const whaleAt = world.whale ? Math.floor(random.next() * units) : -1;
  const whaleRequests = units * 2;
  let clusterLeft = 0;
  let cluster = 0;

  for (let index = 0; index < units; index++) {
    const moment = index / units;
    const day = world.swing * Math.sin(phase + 2 * Math.PI * moment);
    const incident = moment > incidentAt && moment < incidentAt + incidentFor;
    if (clusterLeft-- <= 0) {
      clusterLeft = random.geometric(0.2);
      cluster = world.clusterSpread * random.normal();
    }
    const bot = random.next() < world.botShare;
    const treated = random.next() < share;
    const arm = treated ? on : off;
    arm.exposed++;
    outcome.units++;

    const now = blockOf(moment * stageMs, 10);
    if (now !== block) {
      block = now;
      memory = remember(series, { on: on.totals(), off: off.totals() }, memory);
    }
    const isMissing = random.next() < shifted(world.missing, incident ? 2 : 0);
    tell(arm.of.missing, isMissing);
    if (isMissing && check("missing")) return;
    let failed = false;
    if (!isMissing) {
      const trouble = (bot ? 2 : 0) + cluster + day + (incident ? incidentErrors : 0);
      failed = index === whaleAt || random.next() < shifted(world.error, trouble);
      tell(arm.of.error, failed);
      // Those who meet an error try again, some of them many times: one unit, many failing requests.
      const requests =
        index === whaleAt ? whaleRequests : failed ? random.geometric(0.15) : 1 + (random.next() < 0.3 ? 2 : 0);
      arm.requests.units += requests;
      if (failed) arm.requests.events += requests;
      if (failed && check("error")) return;

      const latency = world.latency * Math.exp(0.5 * random.normal() + day / 2 + (incident ? 1 : 0) - (bot ? 1 : 0));
      const bin = binOf(latency);
      const sketch = arm.blocks.get(block) ?? { units: 0, bins: new Map<number, number>() };
      arm.blocks.set(block, sketch);
      sketch.units++;
      sketch.bins.set(bin, (sketch.bins.get(bin) ?? 0) + 1);
      threshold = memory.thresholds.slow?.[block];
      if (threshold === undefined && sketch.units === 1) {
        // The block's first unit: what came before decides its threshold, if there was enough.
        memory = remember(series, { on: on.totals(), off: off.totals() }, memory);
        threshold = memory.thresholds.slow?.[block];
      }
      if (threshold !== undefined) {
        tell(arm.of.slow, bin > threshold);
        if (bin > threshold && check("slow")) return;
      }
    }
    const converted =
      !bot && !failed && random.next() < shifted(world.conversion, day + cluster / 4 - (incident ? 1 : 0));
    tell(arm.of.conversion, converted);
    if (converted && check("conversion")) return;
    // Baskets: many empty ones, few full ones.
    const value = converted ? random.next() ** 2 : 0;
    const { mean } = arm.of;
    mean.units++;
    mean.sum += value;
    mean.sumSquares += value * value;
    for (const [kind, rate] of world.others) {
      const happened = random.next() < shifted(rate, day + cluster);
      tell(arm.of[kind], happened);
      if (happened && check(kind)) return;
    }
    if (index % MEAN_EVERY === 0 && checkMean()) return;
    if (failed) rivals();
  }

  function check(kind: MetricKind): boolean {
    for (const test of byMetric.get(kind) ?? []) {
      if (test.logEvidence(on.of[kind], off.of[kind]) < test.bar) continue;
      outcome.guard = `${kind}/${test.kind}`;
      return true;
    }
    return false;
  }

  function checkMean(): boolean {
    if (!memory.centres.mean) {
      if (off.of.mean.units < 50) return false;
      memory = remember(series, { on: on.totals(), off: off.totals() }, memory);
    }
    const fixed = memory.centres[meanMetric.name];
    if (!fixed) return false;
    const since = (arm: Arm, from: Moments | undefined): Moments => ({
      units: arm.of.mean.units - (from?.units ?? 0),
      sum: arm.of.mean.sum - (from?.sum ?? 0),
      sumSquares: arm.of.mean.sumSquares - (from?.sumSquares ?? 0),
    });
    for (const test of byMetric.get("mean") ?? []) {
      const evidence = test.logEvidence(since(on, fixed.from.on), since(off, fixed.from.off), fixed.centre);
      if (evidence < test.bar) continue;
      outcome.guard = `mean/${test.kind}`;
      return true;
    }
    return false;
  }

  function rivals(): void {
    const test = byMetric.get("error")?.[0] as GuardTest;
    const pair = (arm: Arm) => ({ units: arm.of.error.units, events: arm.of.error.sum });
    const look = { treatment: pair(on), control: pair(off), share, harm: "more" as const, alpha: test.alpha };
    outcome.fixed ||= fixedThreshold(look);
    outcome.fixedRequests ||= fixedThreshold({ ...look, treatment: on.requests, control: off.requests });
    outcome.sprt ||= mixtureSprt(look, 0.04);
    outcome.asymptotic ||= asymptoticSequence(look, units / 4);
  }
}
