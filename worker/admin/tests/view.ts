import type { TestView } from "../../../shared/schema/test-admin.ts";
import type { ProjectView, Row } from "../../objects/flag-store/entities.ts";
import { stamps } from "../../objects/flag-store/stamps.ts";

export function testView(row: Row<"test">): TestView {
  return { flag: row.key, environment: row.environment, ...stamps(row), ...row.body };
}

export const testViews = (view: ProjectView, environment: string): TestView[] =>
  view.list("test", environment).map(testView);

export function testViewOf(view: ProjectView, environment: string, flag: string): TestView | null {
  const row = view.get("test", environment, flag);
  return row && testView(row);
}
