import type { ProjectView } from "../../objects/flag-store/entities.ts";
import { iso, stamps } from "../../objects/flag-store/stamps.ts";

export function definitionViewOf(view: ProjectView, entity: "segment" | "layer" | "holdout", key: string) {
  const row = view.get<"segment" | "layer" | "holdout">(entity, "", key);
  const list = entity === "segment" ? view.get("list", "", key) : null;
  const listed = list ? { list: { count: list.body.count, updatedAt: iso(list.updatedAt) } } : {};
  return row && { key, ...stamps(row), ...row.body, ...listed };
}
