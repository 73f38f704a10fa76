import { z } from "zod";
import { LIMITS, SPLIT_TOTAL } from "../limits.ts";
import { splitPercent } from "../split-percent.ts";
import { comment, echoed, instant, key, name, slug } from "./primitives.ts";
import { metric } from "./series.ts";

/** Who a stage adds: a segment's people, or a share of everybody in parts of SPLIT_TOTAL. */
export const stageAudience = z
  .union(
    [
      z.strictObject({ segment: key }),
      z.strictObject({ share: z.int().min(1, "a stage's share is at least 1 part (0.001 %)").max(SPLIT_TOTAL) }),
    ],
    { error: "must be a segment, or a share of everybody from 0.001 % to 100 %" },
  )
  .meta({ id: "StageAudience" });

export const planStage = z
  .strictObject({
    name: name.optional(),
    audience: stageAudience,
    /** The stage lasts at least this long. */
    minimumSeconds: z.int().min(0).max(LIMITS.planStageSeconds).default(0),
    /** And until so many units have been exposed in the arm with the fewest. */
    minimumUnits: z.int().min(0).max(10_000_000).default(0),
    /** Whether the next stage follows by itself, or waits for a person. */
    advance: z.enum(["automatic", "by-hand"]).default("automatic"),
    /** What is watched while the stage runs. With none, nothing can be noticed. */
    guards: z.array(metric).max(LIMITS.guardsPerStage).default([]),
  })
  .meta({ id: "PlanStage" });
export type PlanStage = z.infer<typeof planStage>;

const planFields = {
  name: name.optional(),
  /** What is being released. */
  variant: key,
  /** What everybody else gets meanwhile, and everybody after a roll-back: blue of blue-green. */
  baseline: key,
  /** The attribute whose value is one unit: who gets the variant is decided once for each, and results count them. */
  by: z.string().min(1).max(200).default("targetingKey"),
  stages: z.array(planStage).min(1, "a plan needs at least one stage").max(LIMITS.stagesPerPlan),
  /** Parts of SPLIT_TOTAL that keep the baseline even at 100 %, as a concurrent control. */
  holdback: z.int().min(0).max(5_000, "at most 5 % can be held back").default(0),
  /** What a breached guard does: stop the flag, or go back to the stage before. */
  onBreach: z.enum(["kill", "step-back"]).default("kill"),
  /** Probability that a harmless release is ever taken back: over all stages, guards and restarts together. */
  alpha: z.number().min(0.000_1).max(0.2).default(0.01),
  /** Outcomes count within this time after a unit's first exposure in the stage. */
  windowSeconds: z
    .int()
    .min(1)
    .max(7 * 86_400)
    .default(600),
  /** So many outcomes of a unit are folded into its one. */
  outcomes: z.int().min(1).max(1_000).default(1),
};

function checkPlan(
  plan: { variant?: string; baseline?: string; stages: PlanStage[] },
  context: { addIssue: (issue: { code: "custom"; path: (string | number)[]; message: string }) => void },
): void {
  if (plan.variant !== undefined && plan.variant === plan.baseline)
    context.addIssue({ code: "custom", path: ["baseline"], message: "must be another variant than the one released" });
  let share = 0;
  for (const [index, { audience }] of plan.stages.entries()) {
    if (!("share" in audience)) continue;
    if (audience.share <= share) {
      const message = `each share must be larger than the one before (${splitPercent(share)}), as going on removes nobody`;
      context.addIssue({ code: "custom", path: ["stages", index, "audience", "share"], message });
    }
    share = audience.share;
  }
}

/** How a flag is to be released in one environment. */
export const planDefinition = z.strictObject(planFields).superRefine(checkPlan).meta({ id: "PlanDefinition" });
export type PlanDefinition = z.infer<typeof planDefinition>;

/** A project's own plan for any flag: everything but the variants. */
const { variant: _variant, baseline: _baseline, ...templateFields } = planFields;
export const planTemplate = z
  .strictObject({ ...templateFields, name, description: z.string().max(LIMITS.descriptionChars).default("") })
  .superRefine(checkPlan)
  .meta({ id: "PlanTemplate" });
export type PlanTemplate = z.infer<typeof planTemplate>;

const stamped = { version: z.int(), revision: z.int(), createdAt: z.string(), updatedAt: z.string() };
export const planTemplateView = z
  .object({ key, ...stamped, ...templateFields, name: z.string(), description: z.string() })
  .meta({ id: "PlanTemplateView" });
export const planTemplateWrite = z
  .strictObject({
    ...templateFields,
    name,
    description: z.string().max(LIMITS.descriptionChars).default(""),
    key: key.optional(),
    version: z.int().optional(),
    revision: z.int().optional(),
    createdAt: z.string().optional(),
    updatedAt: z.string().optional(),
    comment: comment.optional(),
  })
  .superRefine(checkPlan)
  .meta({ id: "PlanTemplateWrite" });

/**
 * `running`: goes on by itself where its stages say so. `paused`: stays where it is until resumed. `halted`: a kill, a
 * breached guard or a change by hand stopped it; a person chooses the stage to go on from. `completed` and
 * `rolled-back` are ends.
 */
export const PLAN_STATUSES = ["running", "paused", "halted", "completed", "rolled-back"] as const;
export const planStatus = z.enum(PLAN_STATUSES);
export type PlanStatus = z.infer<typeof planStatus>;

/** Why a plan is halted. `edited`: somebody changed its rules, so the next stage might take the variant from people. */
export const haltReason = z.enum(["killed", "breached", "edited"]);
export type HaltReason = z.infer<typeof haltReason>;

export const planStep = z.strictObject({
  at: instant,
  what: z.enum([
    "started",
    "advanced",
    "paused",
    "resumed",
    "halted",
    "stepped-back",
    "rolled-back",
    "completed",
    "clock-set-back",
  ]),
  /** The stage afterwards. */
  stage: z.int().min(0),
  by: z.string(),
  comment: z.string().optional(),
});
export type PlanStep = z.infer<typeof planStep>;

export const planRun = z
  .strictObject({
    /** Unique in the project: a plan started again is another run. */
    id: z.string(),
    status: planStatus,
    stage: z.int().min(0),
    /** Counts how often a stage was entered, over the run: each entry is a series of its own. */
    entry: z.int().min(1),
    /** When the present stage was entered. */
    enteredAt: instant,
    startedAt: instant,
    halted: haltReason.optional(),
    finishedAt: instant.optional(),
    /** What happened, oldest first; the audit holds what no longer fits. */
    steps: z.array(planStep).max(LIMITS.planStepsKept),
  })
  .meta({ id: "PlanRun" });
export type PlanRun = z.infer<typeof planRun>;

/** As stored: the definition, and the run that was started last. */
export const plan = z.strictObject({ ...planFields, run: planRun.optional() }).superRefine(checkPlan);
export type Plan = z.infer<typeof plan>;

/** One reason for which a plan stays where it is. */
export const planWait = z
  .discriminatedUnion("for", [
    z.object({ for: z.literal("time"), until: z.string() }),
    z.object({ for: z.literal("units"), atLeast: z.int() }),
    /** `events`: those that feed its metrics; null is any event. Nothing advances while one of them does not arrive. */
    z.object({ for: z.literal("guards"), events: z.array(key.nullable()) }),
    z.object({ for: z.literal("person") }),
    z.object({ for: z.literal("freeze"), until: z.string(), name: z.string() }),
    z.object({ for: z.literal("restore") }),
    z.object({ for: z.literal("enabling") }),
    z.object({ for: z.literal("resume") }),
    z.object({ for: z.literal("choice"), reason: haltReason }),
  ])
  .meta({ id: "PlanWait", description: "Why a plan does not go on yet" });
export type PlanWait = z.infer<typeof planWait>;

export const planView = z
  .object({
    environment: slug,
    flag: key,
    version: z.int(),
    revision: z.int(),
    createdAt: z.string(),
    updatedAt: z.string(),
    ...planFields,
    run: planRun
      .extend({
        /** The series under which the present stage's events are counted. */
        series: z.string(),
        /** Everything that it waits for, at the moment of the answer. */
        waits: z.array(planWait),
      })
      .optional(),
  })
  .meta({ id: "Plan" });
export type PlanView = z.infer<typeof planView>;

export const planWrite = z
  .strictObject({ ...planFields, ...echoed, run: z.unknown().optional(), comment: comment.optional() })
  .superRefine(checkPlan)
  .meta({ id: "PlanWrite" });

/** What a request to start or resume may say. */
const stage = z
  .int()
  .min(0)
  .max(LIMITS.stagesPerPlan - 1);
export const planCommandBody = z.strictObject({ comment: comment.default("") }).meta({ id: "PlanCommand" });
export const planStageBody = z
  .strictObject({ comment: comment.default(""), stage: stage.optional() })
  .meta({ id: "PlanStageCommand", description: "`stage` counts from 0" });
export const planAdvanceBody = z
  .strictObject({ comment: comment.default(""), from: stage.optional() })
  .meta({ id: "PlanAdvance", description: "`from`, the stage last seen, makes a repeated request count once" });
