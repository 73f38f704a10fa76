import type { DrillView } from "../../../shared/schema/drill.ts";
import type { ProjectView, Row } from "../../objects/flag-store/entities.ts";
import { DRILL } from "./entity.ts";

const HOUR_MS = 3_600_000;

/** When the next drill is due (epoch ms); null: never by itself. */
export function nextDrill(row: Row<"drill">): number | null {
  const { everyHours, runs } = row.body;
  if (everyHours === null) return null;
  return runs[0] ? Date.parse(runs[0].at) + everyHours * HOUR_MS : row.updatedAt;
}

export function drillViewOf(view: ProjectView, environment: string): DrillView {
  const row = view.get("drill", environment, DRILL);
  if (!row) return { environment, everyHours: null, nextAt: null, runs: [] };
  const next = nextDrill(row);
  const nextAt = next === null ? null : new Date(next).toISOString();
  return { environment, everyHours: row.body.everyHours, nextAt, runs: row.body.runs };
}
