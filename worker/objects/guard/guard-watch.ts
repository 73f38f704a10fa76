import { z } from "zod";
import { observedBy } from "../../../shared/guard/guard.ts";
import { isActive, planSeries } from "../../../shared/release/plan.ts";
import { key } from "../../../shared/schema/primitives.ts";
import { type Series, series } from "../../../shared/schema/series.ts";
import { activeKills } from "../../admin/kills/decide.ts";
import type { ProjectView, Row } from "../flag-store/entities.ts";

/** What a guard object is told to watch: the series with what the release's owner decided about it. */
export const watchedSeries = z.strictObject({
  flag: key,
  series,
  alpha: z.number(),
  stages: z.int(),
  entry: z.int(),
  onBreach: z.enum(["kill", "step-back", "alert"]),
  /** Of a plan's stage: how it goes on. */
  plan: z
    .strictObject({
      run: z.string(),
      stage: z.int(),
      /** Exposed units of the arm with the fewest before it goes on. */
      minimumUnits: z.int(),
      /** Whether it goes on by itself. */
      automatic: z.boolean(),
    })
    .optional(),
});
export type WatchedSeries = z.infer<typeof watchedSeries>;

/**
 * Everything to be watched in an environment. A killed flag is not: its series is closed, and what still arrives says
 * nothing about what people get.
 */
export function watchList(view: ProjectView, environment: string): WatchedSeries[] {
  const killed = new Set(activeKills(view, environment).map(({ body }) => body.flag));
  const planned = view.list("plan", environment).flatMap((row) => watchedPlan(view, row));
  const flags = new Set(planned.map(({ flag }) => flag));
  const alone = view
    .list("guard", environment)
    .filter((row) => !flags.has(row.key))
    .flatMap((row) => watchedGuard(view, row));
  return [...planned, ...alone].filter(({ flag }) => !killed.has(flag));
}

/** The series of a stand-alone guard, while the flag is on; it stays the same beneath a kill, so that late events find it. */
export function guardSeries(view: ProjectView, row: Row<"guard">): Series | undefined {
  const flag = view.get("flag", "", row.key)?.body;
  const state = view.get("state", row.environment, row.key)?.body;
  if (!flag || flag.archivedAt || !state) return undefined;
  const observed = observedBy(row.body, flag.offVariant, state);
  if (!observed) return undefined;
  const { metrics, windowSeconds, outcomes, run } = row.body;
  const startedAt = Date.parse(run.startedAt);
  return { id: run.id, startedAt, ...observed, windowSeconds, outcomes, metrics, source: "server" };
}

function watchedGuard(view: ProjectView, row: Row<"guard">): WatchedSeries[] {
  const series = guardSeries(view, row);
  const { alpha, onBreach, run } = row.body;
  return series ? [{ flag: row.key, series, alpha, stages: 1, entry: run.entry, onBreach }] : [];
}

function watchedPlan(view: ProjectView, row: Row<"plan">): WatchedSeries[] {
  const plan = row.body;
  const flag = view.get("flag", "", row.key)?.body;
  const state = view.get("state", row.environment, row.key)?.body;
  if (!flag || flag.archivedAt || !state?.enabled || !isActive(plan)) return [];
  const stage = plan.stages[plan.run.stage];
  const series = planSeries(plan, state);
  if (!stage || !series || (series.metrics.length === 0 && stage.minimumUnits === 0)) return [];
  const { alpha, onBreach, run, stages } = plan;
  const automatic = run.status === "running" && stage.advance === "automatic";
  return [
    {
      flag: row.key,
      series,
      alpha,
      stages: stages.length,
      entry: run.entry,
      onBreach,
      plan: { run: run.id, stage: run.stage, minimumUnits: stage.minimumUnits, automatic },
    },
  ];
}
