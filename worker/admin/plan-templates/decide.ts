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

/** A project's own plans, to be chosen for any flag. */
export function putPlanTemplate(command: CommandOf<"putPlanTemplate">, c: Circumstances): Result<Decision> {
  const { template, definition } = command;
  const row = c.view.get("planTemplate", "", template);
  const refused =
    versionConflict(`plan template "${template}"`, row, c.ifVersion) ??
    (row ? null : overLimit("planTemplatesPerProject", c.view.count("planTemplate") + 1));
  if (refused) return reject(refused);
  return decision(change("planTemplate", "", template, row?.body ?? null, definition), []);
}

export function deletePlanTemplate(command: CommandOf<"deletePlanTemplate">, c: Circumstances): Result<Decision> {
  const { template } = command;
  const row = c.view.get("planTemplate", "", template);
  if (!row) return reject({ code: "plan-template-not-found", template });
  const conflict = versionConflict(`plan template "${template}"`, row, c.ifVersion);
  if (conflict) return reject(conflict);
  return decision(change("planTemplate", "", template, row.body, null), []);
}
