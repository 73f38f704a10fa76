import type { CommandOf } from "../../objects/flag-store/commands.ts";
import {
  type Circumstances,
  change,
  type Decision,
  decision,
  overLimit,
} from "../../objects/flag-store/decide/decision.ts";
import { type Result, reject } from "../../result.ts";

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

export function createKey(command: CommandOf<"createKey">, c: Circumstances): Result<Decision> {
  const { environment, id, kind, name, hash, hint, origins } = command;
  if (!c.view.get("environment", "", environment)) return reject({ code: "environment-not-found", environment });
  const full = overLimit("keysPerEnvironment", c.view.count("key", environment) + 1);
  if (full) return reject(full);
  const after = { kind, name, hash, hint, origins, createdBy: c.actor.name };
  return decision(change("key", environment, id, null, after), [environment]);
}

export function revokeKey(command: CommandOf<"revokeKey">, c: Circumstances): Result<Decision> {
  const { environment, id } = command;
  if (!c.view.get("environment", "", environment)) return reject({ code: "environment-not-found", environment });
  const row = c.view.get("key", environment, id);
  if (!row) return reject({ code: "key-not-found", id });
  return decision(change("key", environment, id, row.body, null), [environment]);
}
