import { z } from "zod";
import { LIMITS } from "../limits.ts";
import { comment, echoed, instant, key, slug } from "./primitives.ts";
import { METRIC_KINDS, metric, SERIES_LIMITS } from "./series.ts";

/** What a breach sets off. `alert` tells and touches nothing. */
export const ON_BREACH = ["kill", "alert"] as const;

const guardFields = {
  /** What is watched. */
  metrics: z.array(metric).min(1, "a guard needs at least one metric").max(LIMITS.guardsPerStage),
  /** The arm that the others are compared with; the flag's off variant unless set. */
  control: key.optional(),
  /** The rule whose split is watched, null for the fallthrough; the first split among them unless set. */
  rule: key.nullable().optional(),
  onBreach: z.enum(ON_BREACH).default("kill"),
  /** Probability that harmless code is ever stopped, over all metrics, arms and restarts of this guard together. */
  alpha: z.number().min(0.000_1).max(0.2).default(0.01),
  /** Outcomes count within this time after a unit's first exposure. */
  windowSeconds: z.int().min(1).max(SERIES_LIMITS.windowSeconds).default(600),
  /** So many outcomes of a unit are folded into its one. */
  outcomes: z.int().min(1).max(SERIES_LIMITS.outcomes).default(1),
};

function checkNames(
  { metrics }: { metrics: { name: string }[] },
  context: { addIssue: (issue: { code: "custom"; path: string[]; message: string }) => void },
): void {
  if (new Set(metrics.map(({ name }) => name)).size < metrics.length)
    context.addIssue({ code: "custom", path: ["metrics"], message: "two metrics have the same name" });
}

/** A guard that stands alone: it watches a flag's split without a release plan. */
export const guardDefinition = z.strictObject(guardFields).superRefine(checkNames).meta({ id: "GuardDefinition" });
export type GuardDefinition = z.infer<typeof guardDefinition>;

/**
 * Which observation is under way. A change of what is served, or a restore, begins a new one, since counts
 * are comparable only while the shares stay as they are; every one takes its part of alpha.
 */
export const guardRun = z.strictObject({ id: z.string(), entry: z.int().min(1), startedAt: instant });

export const guardEntity = z.strictObject({ ...guardFields, run: guardRun }).superRefine(checkNames);

export const guardWrite = z
  .strictObject({ ...guardFields, ...echoed, run: z.unknown().optional(), comment: comment.optional() })
  .superRefine(checkNames)
  .meta({ id: "GuardWrite" });

export const guardView = z
  .object({
    environment: slug,
    flag: key,
    version: z.int(),
    createdAt: z.string(),
    updatedAt: z.string(),
    ...guardFields,
    run: guardRun,
  })
  .meta({ id: "Guard" });
export type GuardView = z.infer<typeof guardView>;

/**
 * `comparison`: against the concurrent control. `circuit-breaker`: far beyond what anybody calls harmless, and worse
 * than the control where there is one. `budget` and `before-after`: without a concurrent control, so weaker: what else
 * changed at that time counts too.
 */
export const GUARD_TESTS = ["comparison", "circuit-breaker", "budget", "before-after"] as const;
export const guardTest = z.enum(GUARD_TESTS);
export type GuardTestKind = z.infer<typeof guardTest>;

const numbers = {
  arm: key,
  metric: key,
  kind: z.enum(METRIC_KINDS),
  /** Distinct units with an outcome in each arm; `control` is null without a concurrent control. */
  units: z.object({ treatment: z.int(), control: z.int().nullable() }),
  /** Of them, those that failed or converted; for a mean, the sum of their values. */
  events: z.object({ treatment: z.number(), control: z.number().nullable() }),
  /** Events per unit; null before there is a unit. */
  rate: z.object({ treatment: z.number().nullable(), control: z.number().nullable() }),
  /** Relative difference, treatment to control: 0.5 is half as much again. Null while the control has none. */
  change: z.number().nullable(),
  /** Confidence sequence for `change` (without control: for the rate); null ends are open. */
  interval: z.object({ low: z.number().nullable(), high: z.number().nullable() }),
  /** Confidence of `interval`, at all times together. */
  confidence: z.number(),
  /** The change that is tolerated, with its sign; without control, the budget. Null: none is set. */
  tolerated: z.number().nullable(),
};

/** Why a guard took a release back, in numbers: it stands in the audit row. */
export const breachEvidence = z
  .object({
    series: z.string(),
    test: guardTest,
    ...numbers,
    /** The e-value, as its natural logarithm, and the level it had to reach: ln(1/alpha). */
    logEvidence: z.number(),
    /** The part of the guard's alpha that this test has. */
    alpha: z.number(),
    /** Units exposed, by arm. */
    exposed: z.record(key, z.int()),
    at: instant,
  })
  .meta({ id: "BreachEvidence", description: "The numbers behind an automatic kill" });
export type BreachEvidence = z.infer<typeof breachEvidence>;

export const HEALTH = ["collecting", "healthy", "breached"] as const;

/**
 * What is known of a metric. `no-data`: no event that feeds it arrives. `inconclusive`: harm is neither found nor ruled
 * out. `no-harm-found`: the interval rules out harm that matters. `regression`: beyond the guard's level.
 */
export const VERDICTS = ["no-data", "inconclusive", "no-harm-found", "regression"] as const;
export const verdict = z.enum(VERDICTS);
export type Verdict = z.infer<typeof verdict>;

/** One metric of one arm. */
export const guardTile = z
  .object({
    ...numbers,
    basis: z.enum(["concurrent", "weaker"]),
    /** The verdict in the words of earlier versions: `healthy` is `no-harm-found` alone. */
    health: z.enum(HEALTH),
    verdict,
    /** Units that sent an event which feeds the metric; `control` is null without a concurrent control. */
    reported: z.object({ treatment: z.int(), control: z.int().nullable() }),
    /** The least harmful rate that would have been seen by now, on average; null when none, or when there is no rate. */
    seen: z.number().nullable(),
    logEvidence: z.number(),
    /** ln(1/alpha): where it breaches. */
    bar: z.number(),
    alpha: z.number(),
  })
  .meta({ id: "GuardTile" });
export type GuardTile = z.infer<typeof guardTile>;

/**
 * `mismatch`: units are not exposed in the planned shares, so look for lost exposures. It silences no guard. `no-data`:
 * people meet the release, and a metric receives none of its events. `healthy`: every verdict is `no-harm-found`.
 */
export const GUARD_STATES = [
  "collecting",
  "healthy",
  "mismatch",
  "breached",
  "waiting-for-approval",
  "no-data",
] as const;
export const guardState = z.enum(GUARD_STATES);
export type GuardState = z.infer<typeof guardState>;

/** What keeps a plan's stage from going on by itself, as far as counts tell. */
export const stageHold = z
  .discriminatedUnion("for", [
    z.object({ for: z.literal("units"), units: z.int(), atLeast: z.int() }),
    /** No event of this name has arrived (null: no event at all), so these metrics see nothing. */
    z.object({ for: z.literal("event"), event: key.nullable(), metrics: z.array(key) }),
    z.object({ for: z.literal("outcomes"), metric: key, units: z.int(), atLeast: z.int() }),
    z.object({ for: z.literal("regression"), metric: key }),
  ])
  .meta({ id: "StageHold" });
export type StageHold = z.infer<typeof stageHold>;

/** An event that a guard listens for (null: any event) and that nobody exposed has sent, and the metrics it feeds. */
export const silentEvent = z.object({ event: key.nullable(), metrics: z.array(key) });
export type SilentEvent = z.infer<typeof silentEvent>;

/** A point of a metric's chart. */
export const guardPoint = z.object({
  at: z.int(),
  change: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
});
export type GuardPoint = z.infer<typeof guardPoint>;

export const guardStatus = z
  .object({
    environment: slug,
    flag: key,
    /** The stand-alone guard, when there is one. */
    guard: guardView.nullable(),
    /** Why nothing is watched in this installation; left out where guards work. */
    off: z.string().optional(),
    /** What is watched now, or was last. */
    watch: z
      .object({
        series: z.string(),
        active: z.boolean(),
        state: guardState,
        /** Why it is in that state, in a sentence. */
        reason: z.string(),
        onBreach: z.enum(["kill", "step-back", "alert"]),
        startedAt: z.string(),
        /** When the counts were last looked at; null before the first time. */
        checkedAt: z.string().nullable(),
        exposed: z.record(key, z.int()),
        tiles: z.array(guardTile),
        /** What client keys alone report beyond tolerance: to be looked at, nothing is stopped by it. */
        clientAlerts: z.array(guardTile),
        mismatch: z.object({ logEvidence: z.number(), bar: z.number() }).nullable(),
        /** What the guard listens for in vain, once people have been exposed. */
        silent: z.array(silentEvent),
        /** Of a plan's stage: what keeps it from going on by itself. */
        holds: z.array(stageHold),
        breach: breachEvidence.nullable(),
        /** By `arm/metric`, oldest first. */
        history: z.record(z.string(), z.array(guardPoint)),
        /** Events that could not be compared, by why. */
        apart: z.object({
          unattributed: z.int(),
          afterKill: z.int(),
          mismatched: z.int(),
          excluded: z.int(),
        }),
      })
      .nullable(),
  })
  .meta({ id: "GuardStatus" });
export type GuardStatus = z.infer<typeof guardStatus>;
