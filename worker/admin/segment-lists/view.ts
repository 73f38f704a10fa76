import type { ListView } from "../../../shared/schema/segment.ts";
import type { ProjectView } from "../../objects/flag-store/entities.ts";
import { stamps } from "../../objects/flag-store/stamps.ts";

export function listViewOf(view: ProjectView, segment: string): ListView | null {
  const row = view.get("list", "", segment);
  return row && { segment, count: row.body.count, ...stamps(row) };
}
