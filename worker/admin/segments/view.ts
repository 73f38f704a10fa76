import type { ProjectView, Row } from "../../objects/flag-store/entities.ts";
import { iso, stamps } from "../../objects/flag-store/stamps.ts";

export function definitionView(row: Row<"segment"> | Row<"layer"> | Row<"holdout">, view: ProjectView) {
  const list = row.entity === "segment" ? view.get("list", "", row.key) : null;
  const listed = list ? { list: { count: list.body.count, updatedAt: iso(list.updatedAt) } } : {};
  return { key: row.key, ...stamps(row), ...row.body, ...listed };
}
