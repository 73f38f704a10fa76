import type { FreezeView } from "../../../shared/schema/freeze.ts";
import type { ProjectView } from "../../objects/flag-store/entities.ts";

export const freezeViewOf = (view: ProjectView, environment: string, id: string): FreezeView | null => {
  const row = view.get("freeze", environment, id);
  return row && { id, environment, version: row.version, ...row.body };
};

export const freezeViews = (view: ProjectView, environment: string): FreezeView[] =>
  view.list("freeze", environment).flatMap(({ key }) => freezeViewOf(view, environment, key) ?? []);
