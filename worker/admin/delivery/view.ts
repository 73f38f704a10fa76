import type { DeploymentView } from "../../../shared/schema/delivery.ts";
import type { ProjectView, Row } from "../../objects/flag-store/entities.ts";

export const deploymentView = (row: Row<"deployment">): DeploymentView => ({
  id: row.key,
  environment: row.environment,
  ...row.body,
});

export function deploymentViewOf(view: ProjectView, environment: string, id: string): DeploymentView | null {
  const row = view.get("deployment", environment, id);
  return row && deploymentView(row);
}
