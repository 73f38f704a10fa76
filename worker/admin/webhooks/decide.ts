import type { CommandOf } from "../../objects/flag-store/commands.ts";
import {
  type Circumstances,
  change,
  type Decision,
  decision,
  overLimit,
  versionConflict,
} from "../../objects/flag-store/decide/decision.ts";
import { type Result, reject } from "../../result.ts";

/** A rotated secret goes on signing beside its successor for this long (ms), a day, so that receivers can follow. */
export const ROTATION_OVERLAP_MS = 86_400_000;

/** `url` comes sealed; edges need to know nothing of webhooks. */
export function createWebhook(command: CommandOf<"createWebhook">, c: Circumstances): Result<Decision> {
  const { type: _, id, ...given } = command;
  const full = overLimit("webhooksPerProject", c.view.count("webhook") + 1);
  if (full) return reject(full);
  const unknown = unknownEnvironments(given.environments, c);
  if (unknown) return unknown;
  return decision(change("webhook", "", id, null, { ...given, paused: false, createdBy: c.actor.name }), []);
}

export function patchWebhook(command: CommandOf<"patchWebhook">, c: Circumstances): Result<Decision> {
  const { type: _, id, ...given } = command;
  const row = c.view.get("webhook", "", id);
  if (!row) return reject({ code: "webhook-not-found", id });
  const conflict = versionConflict(`webhook "${id}"`, row, c.ifVersion);
  if (conflict) return reject(conflict);
  const unknown = unknownEnvironments(given.environments ?? [], c);
  if (unknown) return unknown;
  return decision(change("webhook", "", id, row.body, { ...row.body, ...given }), []);
}

export function rotateWebhook(command: CommandOf<"rotateWebhook">, c: Circumstances): Result<Decision> {
  const row = c.view.get("webhook", "", command.id);
  if (!row) return reject({ code: "webhook-not-found", id: command.id });
  const until = new Date(c.now + ROTATION_OVERLAP_MS).toISOString();
  const after = { ...row.body, salt: command.salt, previous: { salt: row.body.salt, until } };
  return decision(change("webhook", "", command.id, row.body, after), []);
}

export function deleteWebhook(command: CommandOf<"deleteWebhook">, c: Circumstances): Result<Decision> {
  const row = c.view.get("webhook", "", command.id);
  if (!row) return reject({ code: "webhook-not-found", id: command.id });
  return decision(change("webhook", "", command.id, row.body, null), []);
}

function unknownEnvironments(named: readonly string[], c: Circumstances) {
  const unknown = named.filter((environment) => !c.view.get("environment", "", environment));
  if (unknown.length === 0) return null;
  const message = `there is no environment ${unknown.map((one) => `"${one}"`).join(", ")}`;
  return reject({ code: "invalid", issues: [{ field: "environments", message }] });
}
