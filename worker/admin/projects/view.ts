import type { ProjectView } from "../../objects/flag-store/entities.ts";
import { iso } from "../../objects/flag-store/stamps.ts";

export function environmentViews(view: ProjectView) {
  return view
    .list("environment")
    .sort((a, b) => a.body.position - b.body.position)
    .map(({ key, body, version }) => ({ key, name: body.name, freshness: body.freshness ?? "bounded", version }));
}

export function projectViewOf(view: ProjectView, key: string, revision: number, epoch: number) {
  const row = view.get("project", "", key);
  if (!row) return null;
  return {
    key,
    name: row.body.name,
    version: row.version,
    revision,
    epoch,
    environments: environmentViews(view),
    createdAt: iso(row.createdAt),
  };
}
