import type { CommandOf } from "../../objects/flag-store/commands.ts";
import {
  type Circumstances,
  change,
  type Decision,
  decision,
  overLimit,
  versionConflict,
} from "../../objects/flag-store/decide/decision.ts";
import { type Result, reject } from "../../result.ts";

/** Times in which no plan of an environment goes on by itself. */
export function putFreeze(command: CommandOf<"putFreeze">, c: Circumstances): Result<Decision> {
  const { environment, freeze, definition } = command;
  if (!c.view.get("environment", "", environment)) return reject({ code: "environment-not-found", environment });
  const row = c.view.get("freeze", environment, freeze);
  const refused =
    versionConflict(`freeze window "${freeze}"`, row, c.ifVersion) ??
    (row ? null : overLimit("freezesPerEnvironment", c.view.count("freeze", environment) + 1));
  if (refused) return reject(refused);
  return decision(change("freeze", environment, freeze, row?.body ?? null, definition), []);
}

export function deleteFreeze(command: CommandOf<"deleteFreeze">, c: Circumstances): Result<Decision> {
  const { environment, freeze } = command;
  if (!c.view.get("environment", "", environment)) return reject({ code: "environment-not-found", environment });
  const row = c.view.get("freeze", environment, freeze);
  if (!row) return reject({ code: "freeze-not-found", freeze });
  const conflict = versionConflict(`freeze window "${freeze}"`, row, c.ifVersion);
  if (conflict) return reject(conflict);
  return decision(change("freeze", environment, freeze, row.body, null), []);
}
