import type { Context } from "hono";
import type { SecurityEvent, SecurityKind } from "../../../shared/schema/security-log.ts";
import { rejectionProblem } from "../../http/problem.ts";
import type { ActReport } from "../../objects/directory/directory.ts";
import { loggedActor } from "../../objects/directory/security-log.ts";
import { directory } from "../../objects/stubs.ts";
import { type AdminEnv, actorOf } from "./principal.ts";

type Act = Pick<SecurityEvent, "project" | "environment" | "subject"> & {
  kind: SecurityKind;
  details?: SecurityEvent["details"];
};

/**
 * Records an act before it is carried out: what reads everything, or gives out what cannot be taken back, does not happen
 * while the security log cannot be written. Throws `DurableUnavailable` then, which answers 503.
 */
export async function recordAct(
  c: Context<AdminEnv>,
  { kind, details = {}, ...where }: Act,
  as: ActReport[number]["as"] = "bounded",
): Promise<void> {
  const event = { kind, actor: loggedActor(actorOf(c)), details, ...where };
  const recorded = await directory(c.env).recordActs([{ event, as }]);
  if (!recorded.ok) throw rejectionProblem(recorded.rejection);
}
