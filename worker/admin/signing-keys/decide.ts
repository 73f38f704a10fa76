import type { CommandOf } from "../../objects/flag-store/commands.ts";
import {
  type Circumstances,
  change,
  type Decision,
  decision,
  overLimit,
} from "../../objects/flag-store/decide/decision.ts";
import { type Result, reject } from "../../result.ts";

/** A further key: its predecessors go on counting, so that servers can be moved to it one by one. */
export function createSigningKey(command: CommandOf<"createSigningKey">, c: Circumstances): Result<Decision> {
  const { environment, id, name } = command;
  if (!c.view.get("environment", "", environment)) return reject({ code: "environment-not-found", environment });
  const full = overLimit("signingKeysPerEnvironment", c.view.count("signingKey", environment) + 1);
  if (full) return reject(full);
  const after = { name, createdBy: c.actor.name, createdAt: new Date(c.now).toISOString() };
  return decision(change("signingKey", environment, id, null, after), [environment]);
}

export function revokeSigningKey(command: CommandOf<"revokeSigningKey">, c: Circumstances): Result<Decision> {
  const { environment, id } = command;
  if (!c.view.get("environment", "", environment)) return reject({ code: "environment-not-found", environment });
  const row = c.view.get("signingKey", environment, id);
  if (!row) return reject({ code: "signing-key-not-found", id });
  return decision(change("signingKey", environment, id, row.body, null), [environment]);
}
