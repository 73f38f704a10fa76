import { type Result, reject } from "../../kernel/result.ts";
import type { CommandOf } from "../commands.ts";
import { type Circumstances, change, type Decision, decision, versionConflict } from "./decision.ts";

export const BUDGET = "budget";

/** How often a key may ask; null: as often as it likes. Rides in the snapshot, so edges know it within seconds. */
export function limitKey(command: CommandOf<"limitKey">, c: Circumstances): Result<Decision> {
  const { environment, id, limit } = command;
  if (!c.view.get("environment", "", environment)) return reject({ code: "environment-not-found", environment });
  const row = c.view.get("key", environment, id);
  if (!row) return reject({ code: "key-not-found", id });
  const { limit: _, ...rest } = row.body;
  const after = limit === null ? rest : { ...rest, limit };
  return decision(change("key", environment, id, row.body, after), [environment]);
}

/** A budget for the project's evaluations. Set anew, it may warn again in the same month. */
export function putBudget(command: CommandOf<"putBudget">, c: Circumstances): Result<Decision> {
  const { type: _, ...after } = command;
  const row = c.view.get("budget", "", BUDGET);
  const conflict = versionConflict("budget", row, c.ifVersion);
  if (conflict) return reject(conflict);
  const same = row && row.body.evaluationsPerMonth === after.evaluationsPerMonth && row.body.warnAt === after.warnAt;
  return decision(same ? [] : change("budget", "", BUDGET, row?.body ?? null, after), []);
}

export function deleteBudget(c: Circumstances): Result<Decision> {
  const row = c.view.get("budget", "", BUDGET);
  return decision(row ? change("budget", "", BUDGET, row.body, null) : [], []);
}

/** Notes that this month's use has passed the share at which to warn: once a month, as the event that others hear of. */
export function warnBudget(command: CommandOf<"warnBudget">, c: Circumstances): Result<Decision> {
  const row = c.view.get("budget", "", BUDGET);
  if (!row) return decision([], []);
  return decision(change("budget", "", BUDGET, row.body, { ...row.body, warnedMonth: command.month }), []);
}
