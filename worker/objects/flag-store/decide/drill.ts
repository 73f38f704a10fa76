import type { DrillView } from "../../../../shared/schema/drill.ts";
import { type Result, reject } from "../../../result.ts";
import type { CommandOf } from "../commands.ts";
import type { Body, ProjectView, Row } from "../entities.ts";
import { type Circumstances, change, type Decision, decision } from "./decision.ts";

export const DRILL = "kill";
/** Runs that are kept: a month of daily ones. */
const RUNS_KEPT = 31;
const HOUR_MS = 3_600_000;

/** Has the stop button of an environment tried every so many hours; null: by hand only. */
export function putDrill(command: CommandOf<"putDrill">, c: Circumstances): Result<Decision> {
  const { environment, everyHours } = command;
  if (!c.view.get("environment", "", environment)) return reject({ code: "environment-not-found", environment });
  const before = c.view.get("drill", environment, DRILL)?.body ?? null;
  return decision(change("drill", environment, DRILL, before, { ...settingsOf(before), everyHours }), []);
}

/** Notes how a drill went, the latest first. */
export function recordDrill(command: CommandOf<"recordDrill">, c: Circumstances): Result<Decision> {
  const { environment, run } = command;
  if (!c.view.get("environment", "", environment)) return reject({ code: "environment-not-found", environment });
  const before = c.view.get("drill", environment, DRILL)?.body ?? null;
  const settings = settingsOf(before);
  const after = { ...settings, runs: [run, ...settings.runs].slice(0, RUNS_KEPT) };
  return decision(change("drill", environment, DRILL, before, after), []);
}

const settingsOf = (body: Body<"drill"> | null): Body<"drill"> => body ?? { everyHours: null, runs: [] };

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
