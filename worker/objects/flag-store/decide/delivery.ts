import { summarize } from "../../../../shared/flags/summary.ts";
import { SPLIT_TOTAL } from "../../../../shared/limits.ts";
import type { Cause } from "../../../../shared/schema/delivery.ts";
import { DRILL_ACTOR } from "../../../../shared/schema/drill.ts";
import type { FlagState } from "../../../../shared/schema/flag.ts";
import type { AuditEntry } from "../audit.ts";
import type { Body, Change, ProjectView } from "../entities.ts";

/** What happened to a flag, for the delivery figures: see shared/delivery/dora.ts. `step`: a plan went on to a further stage. */
export interface DeliveryEvent {
  kind: "release" | "step" | "kill" | "rollback";
  environment: string;
  flag: string;
  revision: number;
  at: number;
  cause: Cause;
  onsetAt: number | null;
}

/** Flags that are controls rather than releases: turning one is no release. */
const CONTROLS = new Set(["ops", "config"]);
/** Actions that take a flag back by putting its plan back. */
const TAKES_BACK = new Set(["stepBackPlan", "rollbackPlan"]);

/** What an audit row tells of deliveries, one event for each flag and environment at most. Pure. */
export function deliveryEventsOf(row: AuditEntry, view: ProjectView): DeliveryEvent[] {
  if (row.actor.id === DRILL_ACTOR) return [];
  const cause = causeOf(row);
  return row.changes.flatMap((change): DeliveryEvent[] => {
    const kind = kindOf(change, row, view);
    if (!kind) return [];
    const kill = change.entity === "kill" ? change.after : null;
    const onsetAt = kill?.onsetAt === undefined ? null : Date.parse(kill.onsetAt);
    const flag = kill ? kill.flag : change.key;
    return [{ kind, environment: change.environment, flag, revision: row.revision, at: row.at, cause, onsetAt }];
  });
}

function causeOf({ actor }: AuditEntry): Cause {
  switch (actor.type) {
    case "guard":
    case "trigger":
    case "schedule":
      return actor.type;
    default:
      return "person";
  }
}

function kindOf(change: Change, { action }: AuditEntry, view: ProjectView): DeliveryEvent["kind"] | null {
  if (change.entity === "kill") return change.before === null && change.after !== null ? "kill" : null;
  if (change.entity !== "state" || change.after === null) return null;
  if (TAKES_BACK.has(action)) return "rollback";
  const flag = view.get("flag", "", change.key)?.body;
  if (!flag || flag.archivedAt || CONTROLS.has(flag.purpose)) return null;
  if (reach(change.after, flag) <= (change.before ? reach(change.before, flag) : 0)) return null;
  // A plan is one release, which begins with its first stage.
  return action === "advancePlan" ? "step" : "release";
}

/**
 * How many people a state gives something else than the off variant, as parts of `SPLIT_TOTAL`: those whom no rule
 * singles out, and one part for each rule that does, since how many it reaches is unknown.
 */
export function reach(state: FlagState, flag: Pick<Body<"flag">, "offVariant">): number {
  return state.enabled ? shareOf(state, flag) + summarize(state, 0, []).targeting : 0;
}

/** Of the users whom no rule singles out, those who get something else than the off variant, as parts of `SPLIT_TOTAL`. */
export function shareOf(state: FlagState, { offVariant }: Pick<Body<"flag">, "offVariant">): number {
  if (!state.enabled) return 0;
  const { everybody } = summarize(state, 0, []);
  if ("split" in everybody)
    return everybody.split.reduce((sum, { variant, weight }) => (variant === offVariant ? sum : sum + weight), 0);
  return everybody.variant === offVariant ? 0 : SPLIT_TOTAL;
}
