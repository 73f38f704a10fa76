import type { GuardView } from "../../../shared/schema/guard.ts";
import type { ProjectView, Row } from "../../objects/flag-store/entities.ts";
import { stamps } from "../../objects/flag-store/stamps.ts";

export function guardView(row: Row<"guard">): GuardView {
  const { createdAt, updatedAt, version } = stamps(row);
  return { environment: row.environment, flag: row.key, version, createdAt, updatedAt, ...row.body };
}

export function guardViewOf(view: ProjectView, environment: string, flag: string): GuardView | null {
  const row = view.get("guard", environment, flag);
  return row && guardView(row);
}
