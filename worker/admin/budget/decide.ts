import type { CommandOf } from "../../objects/flag-store/commands.ts";
import {
  type Circumstances,
  change,
  type Decision,
  decision,
  versionConflict,
} from "../../objects/flag-store/decide/decision.ts";
import { type Result, reject } from "../../result.ts";
import { BUDGET } from "./entity.ts";

/** A budget for the project's evaluations. Set anew, it may warn again in the same month. */
export function putBudget(command: CommandOf<"putBudget">, c: Circumstances): Result<Decision> {
  const { type: _, ...after } = command;
  const row = c.view.get("budget", "", BUDGET);
  const conflict = versionConflict("budget", row, c.ifVersion);
  if (conflict) return reject(conflict);
  const same = row && row.body.evaluationsPerMonth === after.evaluationsPerMonth && row.body.warnAt === after.warnAt;
  return decision(same ? [] : change("budget", "", BUDGET, row?.body ?? null, after), []);
}

export function deleteBudget(_: CommandOf<"deleteBudget">, c: Circumstances): Result<Decision> {
  const row = c.view.get("budget", "", BUDGET);
  return decision(row ? change("budget", "", BUDGET, row.body, null) : [], []);
}

/** Notes that this month's use has passed the share at which to warn: once a month, as the event that others hear of. */
export function warnBudget(command: CommandOf<"warnBudget">, c: Circumstances): Result<Decision> {
  const row = c.view.get("budget", "", BUDGET);
  if (!row) return decision([], []);
  return decision(change("budget", "", BUDGET, row.body, { ...row.body, warnedMonth: command.month }), []);
}
