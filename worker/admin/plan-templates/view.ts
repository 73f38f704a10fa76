import type { ProjectView } from "../../objects/flag-store/entities.ts";
import { stamps } from "../../objects/flag-store/stamps.ts";

export const planTemplateViewOf = (view: ProjectView, key: string) => {
  const row = view.get("planTemplate", "", key);
  return row && { key, ...stamps(row), ...row.body };
};

export const planTemplateViews = (view: ProjectView) =>
  view.list("planTemplate").flatMap(({ key }) => planTemplateViewOf(view, key) ?? []);
