import { LIMITS } from "../../../shared/limits.ts";
import type { CommandOf } from "../../objects/flag-store/commands.ts";
import { type Circumstances, change, type Decision, decision } from "../../objects/flag-store/decide/decision.ts";
import { type Result, reject } from "../../result.ts";

/** Notes a deployment that CI made; the same id again replaces what was said of it. */
export function recordDeployment(command: CommandOf<"recordDeployment">, c: Circumstances): Result<Decision> {
  const { type: _, id, environment, finishedAt, ...given } = command;
  if (!c.view.get("environment", "", environment)) return reject({ code: "environment-not-found", environment });
  const row = c.view.get("deployment", environment, id);
  const at = finishedAt === undefined ? (row ? Date.parse(row.body.finishedAt) : c.now) : Date.parse(finishedAt);
  const wrong = (field: string, message: string) => reject({ code: "invalid", issues: [{ field, message }] });
  if (at > c.now + LIMITS.deploymentSkewMs) return wrong("finishedAt", "lies in the future");
  if (at < c.now - LIMITS.deploymentKeepMs) return wrong("finishedAt", "is longer ago than deployments are kept");
  const committedAt = given.committedAt ?? row?.body.committedAt;
  if (committedAt !== undefined && Date.parse(committedAt) > at) return wrong("committedAt", "is after finishedAt");
  const after = {
    ...row?.body,
    ...given,
    ...(committedAt === undefined ? {} : { committedAt: new Date(committedAt).toISOString() }),
    finishedAt: new Date(at).toISOString(),
    createdBy: row?.body.createdBy ?? c.actor.name,
  };
  return decision(change("deployment", environment, id, row?.body ?? null, after), []);
}
