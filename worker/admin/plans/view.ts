import { seriesId } from "../../../shared/release/plan.ts";
import { waitsOf } from "../../../shared/release/waits.ts";
import type { PlanView } from "../../../shared/schema/plan.ts";
import type { ProjectView, Row } from "../../objects/flag-store/entities.ts";
import { stamps } from "../../objects/flag-store/stamps.ts";
import { situationOf } from "./decide.ts";

export function planView(view: ProjectView, row: Row<"plan">, now: number): PlanView {
  const { run, ...definition } = row.body;
  const situation = situationOf(view, row, now);
  const running = run && {
    ...run,
    series: seriesId(run),
    waits: situation ? waitsOf(row.body, situation) : [],
  };
  const { environment, key: flag } = row;
  return { environment, flag, ...stamps(row), ...definition, ...(running ? { run: running } : {}) };
}

export function planViewOf(view: ProjectView, environment: string, flag: string, now: number): PlanView | null {
  const row = view.get("plan", environment, flag);
  return row && planView(view, row, now);
}
