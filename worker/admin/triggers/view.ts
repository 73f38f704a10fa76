import type { TriggerCall, TriggerView } from "../../../shared/schema/trigger.ts";
import type { ProjectView, Row } from "../../objects/flag-store/entities.ts";
import { iso } from "../../objects/flag-store/stamps.ts";

export function triggerView(row: Row<"trigger">, calls: TriggerCall[]): TriggerView {
  const { hash: _, ...body } = row.body;
  return { id: row.key, environment: row.environment, ...body, createdAt: iso(row.createdAt), calls };
}

/** Of one that was just made: nobody has called it. */
export function newTriggerView(view: ProjectView, environment: string, id: string): TriggerView | null {
  const row = view.get("trigger", environment, id);
  return row && triggerView(row, []);
}
