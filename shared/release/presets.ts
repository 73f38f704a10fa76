import { SPLIT_TOTAL } from "../limits.ts";
import type { PlanDefinition, PlanStage } from "../schema/plan.ts";
import type { Metric } from "../schema/series.ts";
import { DEFAULT_OUTCOME_EVENT as event } from "../telemetry/default-events.ts";

/** What is watched unless told otherwise: outcomes as the OpenFeature hook and the events API report them. */
export const USUAL_GUARDS: readonly Metric[] = [
  { kind: "error", name: "errors", event, tolerance: 0.25 },
  { kind: "slow", name: "slow", event, tolerance: 0.25, factor: 1.2, quantile: 0.95, blockSeconds: 10 },
  { kind: "missing", name: "silent", event, tolerance: 0.25, afterSeconds: 120 },
];

interface Preset {
  variant: string;
  baseline: string;
  /** Staff, when the project has a segment of them. */
  staff?: string | undefined;
  guards?: readonly Metric[];
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** What a plan has unless told otherwise: the schema's own defaults, without its code. */
const usual = {
  by: "targetingKey",
  holdback: 0,
  onBreach: "kill",
  alpha: 0.01,
  windowSeconds: 600,
  outcomes: 1,
} as const;

/** Staff → 1 → 10 → 50 → 100 %: each stage several times as many people as the one before, so few meet a bad release. */
export function canaryPlan({ variant, baseline, staff, guards = USUAL_GUARDS }: Preset): PlanDefinition {
  const stage = (share: number, minimumSeconds: number, minimumUnits: number): PlanStage => ({
    audience: { share: share * (SPLIT_TOTAL / 100) },
    minimumSeconds,
    minimumUnits: guards.length > 0 ? minimumUnits : 0,
    advance: "automatic",
    guards: [...guards],
  });
  const first: PlanStage[] =
    staff === undefined
      ? []
      : [
          {
            name: "Staff",
            audience: { segment: staff },
            minimumSeconds: 10 * MINUTE,
            minimumUnits: 0,
            advance: "automatic",
            guards: [],
          },
        ];
  return {
    ...usual,
    name: "Canary",
    variant,
    baseline,
    stages: [
      ...first,
      stage(1, 15 * MINUTE, 100),
      stage(10, 30 * MINUTE, 500),
      stage(50, HOUR, 1_000),
      stage(100, HOUR, 0),
    ],
  };
}

/** Everybody at once, and back at once. A holdback keeps a concurrent control, without which guards see less. */
export function blueGreenPlan({ variant, baseline, guards = USUAL_GUARDS }: Preset, holdback = 0): PlanDefinition {
  const everybody: PlanStage = {
    audience: { share: SPLIT_TOTAL },
    minimumSeconds: HOUR,
    minimumUnits: 0,
    advance: "by-hand",
    guards: [...guards],
  };
  return { ...usual, name: "Blue-green", variant, baseline, holdback, stages: [everybody] };
}
