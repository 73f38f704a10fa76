import type { KillView } from "../../../shared/schema/admin.ts";
import type { Row } from "../../objects/flag-store/entities.ts";

export function killView(row: Row<"kill">): KillView {
  const { flag, variant, serve, revision, comment, by, at } = row.body;
  return { id: row.key, flag, ...(variant === undefined ? {} : { variant }), serve, revision, comment, by, at };
}
