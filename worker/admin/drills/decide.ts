import type { CommandOf } from "../../objects/flag-store/commands.ts";
import { type Circumstances, change, type Decision, decision } from "../../objects/flag-store/decide/decision.ts";
import type { Body } from "../../objects/flag-store/entities.ts";
import { type Result, reject } from "../../result.ts";
import { DRILL } from "./entity.ts";

/** Runs that are kept: a month of daily ones. */
const RUNS_KEPT = 31;

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
