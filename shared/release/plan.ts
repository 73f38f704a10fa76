import { allocate } from "../evaluation/bucketing/allocate.ts";
import { SPLIT_TOTAL } from "../limits.ts";
import type { Condition } from "../schema/condition.ts";
import type { FlagState, Range, Rule, Serve, Split } from "../schema/flag.ts";
import type { Plan, PlanDefinition, PlanRun } from "../schema/plan.ts";
import type { Series } from "../schema/series.ts";

/**
 * A stage of a release plan is a state of the flag's rules: one rule for the segments that have been reached, one that
 * splits everybody else. Both stay in place through the whole plan, and the split's ranges are re-cut from those that
 * stand there, so that going on adds people and removes nobody.
 */
export const PLAN_RULES = { segments: "plan-segments", share: "plan-share" } as const;

/** Before the first stage: nobody has the variant through the plan. */
export const NOBODY = -1;

type Stages = Pick<PlanDefinition, "stages" | "holdback">;

/** Everybody's share of the variant at a stage, in parts of SPLIT_TOTAL. It never falls from one stage to the next. */
export function shareAt({ stages, holdback }: Stages, stage: number): number {
  const shares = stages.slice(0, stage + 1).map(({ audience }) => ("share" in audience ? audience.share : 0));
  return Math.min(Math.max(0, ...shares), SPLIT_TOTAL - holdback);
}

/** The segments that have the variant at a stage. */
export function segmentsAt({ stages }: Stages, stage: number): string[] {
  const segments = stages
    .slice(0, stage + 1)
    .flatMap(({ audience }) => ("segment" in audience ? [audience.segment] : []));
  return [...new Set(segments)];
}

/** Rules that catch everybody: whatever follows one is never reached. */
const catchesAll = ({ when, paused, expiresAt }: Rule): boolean =>
  !paused && expiresAt === undefined && "all" in when && when.all.length === 0;

const isPlanRule = ({ id }: Rule): boolean => id === PLAN_RULES.segments || id === PLAN_RULES.share;

/** What everybody is served by whom no narrower rule catches. */
function everybody(state: FlagState): { serve: Serve; rule: Rule | null } {
  const rule = state.rules.find(catchesAll) ?? null;
  return { serve: rule?.serve ?? state.fallthrough, rule };
}

/** The parts of everybody that get the variant now; 0 while the flag is off. */
export const presentShare = (state: FlagState, variant: string): number =>
  state.enabled ? partsOf(everybody(state).serve, variant) : 0;

function partsOf(serve: Serve, variant: string): number {
  if (!("split" in serve)) return serve.variant === variant ? SPLIT_TOTAL : 0;
  return serve.split.find((arm) => arm.variant === variant)?.weight ?? 0;
}

/** Why a plan could not take over from what everybody is served now, in words; null when it can. */
export function takeOverProblem(state: FlagState, plan: PlanDefinition): string | null {
  if (!state.enabled) return null;
  const { serve } = everybody(state);
  if (!("split" in serve)) {
    if (armOf(plan, serve.variant)) return null;
    const present = serve.variant === null ? "the default of their code" : `"${serve.variant}"`;
    return `everybody gets ${present} now, and would get "${plan.baseline}"`;
  }
  const other = serve.split.find(({ variant, weight }) => weight > 0 && !armOf(plan, variant));
  if (other)
    return `everybody is split between more than "${plan.variant}" and "${plan.baseline}" ("${other.variant}")`;
  if (partsOf(serve, plan.variant) === 0 || partsOf(serve, plan.variant) === SPLIT_TOTAL) return null;
  return serve.by === plan.by ? null : `the present split is by "${serve.by}": with "${plan.by}" its people would move`;
}

const armOf = ({ variant, baseline }: PlanDefinition, name: string | null): boolean =>
  name === variant || name === baseline;

/**
 * The flag's rules as a stage has them. The plan's rules keep their place; at first they take that of the rule for
 * everybody, with its ranges, else the last. The flag's own narrower rules stay and go first.
 */
export function stageState(state: FlagState, plan: PlanDefinition, stage: number): FlagState {
  const share = shareAt(plan, stage);
  const rules = planRules(plan, stage, rangesOf(everybody(state).serve, plan));
  const standing = state.rules.findIndex((rule) => isPlanRule(rule) || catchesAll(rule));
  const others = state.rules.filter((rule) => !isPlanRule(rule) && rule !== everybody(state).rule);
  const place = standing < 0 ? others.length : standing;
  return {
    ...state,
    rules: [...others.slice(0, place), ...rules, ...others.slice(place)],
    // Met by units without the attribute that the split needs: in doubt, the baseline.
    fallthrough: { variant: share === SPLIT_TOTAL ? plan.variant : plan.baseline },
  };
}

function planRules(plan: PlanDefinition, stage: number, previous: readonly Range[] | undefined): Rule[] {
  const segments = segmentsAt(plan, stage);
  const share = shareAt(plan, stage);
  const arms = [
    { variant: plan.variant, weight: share },
    { variant: plan.baseline, weight: SPLIT_TOTAL - share },
  ];
  const everyone: Rule = {
    id: PLAN_RULES.share,
    name: "Release plan: share",
    when: { all: [] },
    serve: { split: arms, by: plan.by, algorithm: "blastdoor-1", ranges: allocate(arms, previous) },
  };
  if (segments.length === 0) return [everyone];
  const when: Condition = { any: segments.map((segment) => ({ segment })) };
  return [
    { id: PLAN_RULES.segments, name: "Release plan: segments", when, serve: { variant: plan.variant } },
    everyone,
  ];
}

/** Ranges to go on from; only those of the same buckets and the plan's two arms mean the same people. */
function rangesOf(serve: Serve, plan: PlanDefinition): Range[] | undefined {
  if (!("split" in serve) || serve.by !== plan.by || serve.algorithm !== "blastdoor-1") return undefined;
  return serve.ranges?.every(({ variant }) => armOf(plan, variant)) ? serve.ranges : undefined;
}

/** Whether everybody is served just what the stage serves them: nobody changed the plan's rules, nor put one before. */
export function standsAt(state: FlagState, plan: PlanDefinition, stage: number): boolean {
  const everyone = everybody(state);
  if (everyone.rule?.id !== PLAN_RULES.share || !("split" in everyone.serve)) return false;
  const split: Split = everyone.serve;
  const others = split.split.some(({ variant, weight }) => weight > 0 && !armOf(plan, variant));
  if (others || split.by !== plan.by || partsOf(split, plan.variant) !== shareAt(plan, stage)) return false;
  const expected = planRules(plan, stage, split.ranges).find(({ id }) => id === PLAN_RULES.segments);
  const found = state.rules.find(({ id }) => id === PLAN_RULES.segments);
  return JSON.stringify(essence(expected)) === JSON.stringify(essence(found));
}

const essence = (rule: Rule | undefined) => rule && [rule.when, rule.serve, rule.paused ?? false, rule.expiresAt];

/** Names the events of a stage: each time a stage is entered, its counts begin anew. */
export const seriesId = ({ id, stage, entry }: Pick<PlanRun, "id" | "stage" | "entry">): string =>
  `${id}/${stage}/${entry}`;

/**
 * What is observed while a plan is under way. It stays the same through a pause and beneath a kill, so that late events
 * find it; each stage entered is another. A stage whose people are chosen, or are everybody, has no concurrent control.
 */
export function planSeries(plan: Plan, state: FlagState): Series | null {
  if (!isActive(plan)) return null;
  const { run, variant, baseline, by, windowSeconds, outcomes } = plan;
  const stage = plan.stages[run.stage];
  const everyone = state.rules.find(({ id }) => id === PLAN_RULES.share)?.serve;
  if (!stage || !everyone || !("split" in everyone)) return null;
  const share = partsOf(everyone, variant);
  const [staff] = segmentsAt(plan, run.stage);
  const common = {
    id: seriesId(run),
    by,
    startedAt: Date.parse(run.enteredAt),
    windowSeconds,
    outcomes,
    metrics: stage.guards,
    source: "server",
  } as const;
  if (share === 0)
    return {
      ...common,
      arms: [{ variant, share: SPLIT_TOTAL }],
      control: null,
      rule: PLAN_RULES.segments,
    };
  const rest = SPLIT_TOTAL - share;
  return {
    ...common,
    arms: [{ variant, share }, ...(rest > 0 ? [{ variant: baseline, share: rest }] : [])],
    control: rest > 0 ? baseline : null,
    ...(everyone.ranges ? { ranges: everyone.ranges } : {}),
    rule: PLAN_RULES.share,
    ...(staff === undefined ? {} : { staff }),
  };
}

export const isActive = (plan: Plan): plan is Plan & { run: PlanRun } =>
  plan.run?.status === "running" || plan.run?.status === "paused" || plan.run?.status === "halted";

/** When the present stage has lasted its minimum (epoch ms). */
export function ripeAt(plan: Plan & { run: PlanRun }): number {
  return Date.parse(plan.run.enteredAt) + (plan.stages[plan.run.stage]?.minimumSeconds ?? 0) * 1_000;
}

/** Whether time alone decides when the present stage ends. Otherwise its guards and units do, or a person. */
export function endsByTime(plan: Plan & { run: PlanRun }): boolean {
  const stage = plan.stages[plan.run.stage];
  return stage?.advance === "automatic" && stage.minimumUnits === 0 && stage.guards.length === 0;
}
