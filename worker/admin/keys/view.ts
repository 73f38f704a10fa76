import type { ProjectView } from "../../objects/flag-store/entities.ts";
import { iso } from "../../objects/flag-store/stamps.ts";

export function keyViews(view: ProjectView, environment: string) {
  return view.list("key", environment).map((row) => {
    const { kind, name, origins, createdBy, hint, limit, signing, rules, expiresAt, replacedBy } = row.body;
    const more = {
      ...(limit ? { limit } : {}),
      ...(signing ? { signing } : {}),
      ...(rules ? { rules } : {}),
      ...(expiresAt ? { expiresAt } : {}),
      ...(replacedBy ? { replacedBy } : {}),
    };
    return { id: row.key, kind, name, origins, createdAt: iso(row.createdAt), createdBy, hint, ...more };
  });
}
