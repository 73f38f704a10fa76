import { type Result, reject } from "../../../result.ts";
import type { CommandOf } from "../commands.ts";
import { type Circumstances, change, type Decision, decision } from "./decision.ts";

/** How often a key may ask; null: as often as it likes. Rides in the snapshot, so edges know it within seconds. */
export function limitKey(command: CommandOf<"limitKey">, c: Circumstances): Result<Decision> {
  const { environment, id, limit } = command;
  if (!c.view.get("environment", "", environment)) return reject({ code: "environment-not-found", environment });
  const row = c.view.get("key", environment, id);
  if (!row) return reject({ code: "key-not-found", id });
  const { limit: _, ...rest } = row.body;
  const after = limit === null ? rest : { ...rest, limit };
  return decision(change("key", environment, id, row.body, after), [environment]);
}
