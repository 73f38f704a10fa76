import type { Plan, PlanWait } from "../schema/plan.ts";
import { eventOf } from "../schema/series.ts";
import type { Frozen } from "./freeze.ts";
import { isActive, ripeAt } from "./plan.ts";

export interface PlanSituation {
  /** Epoch milliseconds. */
  now: number;
  enabled: boolean;
  killed: boolean;
  frozen: Frozen | null;
}

/** Everything that keeps a plan from going on by itself. What only events can tell (`units`, `guards`) always stands. */
export function waitsOf(plan: Plan, { now, enabled, killed, frozen }: PlanSituation): PlanWait[] {
  if (!isActive(plan)) return [];
  const { run } = plan;
  const waits: PlanWait[] = [];
  if (killed) waits.push({ for: "restore" });
  if (run.status === "halted") waits.push({ for: "choice", reason: run.halted ?? "edited" });
  else if (run.status === "paused") waits.push({ for: "resume" });
  if (!enabled) waits.push({ for: "enabling" });
  if (run.status !== "running") return waits;
  const stage = plan.stages[run.stage];
  const ripe = ripeAt(plan);
  if (ripe > now) waits.push({ for: "time", until: new Date(ripe).toISOString() });
  if (stage && stage.minimumUnits > 0) waits.push({ for: "units", atLeast: stage.minimumUnits });
  if (stage && stage.guards.length > 0) waits.push({ for: "guards", events: [...new Set(stage.guards.map(eventOf))] });
  if (stage?.advance === "by-hand") waits.push({ for: "person" });
  else if (frozen) waits.push({ for: "freeze", until: new Date(frozen.until).toISOString(), name: frozen.name });
  return waits;
}
