import type { CommandOf } from "../../objects/flag-store/commands.ts";
import {
  type Circumstances,
  change,
  type Decision,
  decision,
  overLimit,
  versionConflict,
} from "../../objects/flag-store/decide/decision.ts";
import type { Row } from "../../objects/flag-store/entities.ts";
import { type Result, reject } from "../../result.ts";

/** Something to be done after a change that took a flag back; edges need to know nothing of it. */
export function createFollowUp(command: CommandOf<"createFollowUp">, c: Circumstances): Result<Decision> {
  const { type: _, environment, id, ...given } = command;
  if (!c.view.get("environment", "", environment)) return reject({ code: "environment-not-found", environment });
  const changes = c.historyOf(given.incident) ?? [];
  const isAbout = changes.some(
    (one) => one.environment === environment && (one.entity === "kill" ? one.after?.flag : one.key) === given.flag,
  );
  if (!isAbout) return reject({ code: "document-not-found", what: "incident", name: String(given.incident) });
  const full = overLimit("followUpsPerEnvironment", c.view.count("followUp", environment) + 1);
  if (full) return reject(full);
  return decision(change("followUp", environment, id, null, { ...given, createdBy: c.actor.name }), []);
}

export function patchFollowUp(command: CommandOf<"patchFollowUp">, c: Circumstances): Result<Decision> {
  const found = followUpOf(command, c);
  if (!found.ok) return found;
  const { type: _, environment, id, done, ...given } = command;
  const { done: wasDone, doneBy, ...open } = found.value.body;
  const standing = wasDone === undefined ? {} : { done: wasDone, ...(doneBy === undefined ? {} : { doneBy }) };
  const finished = { done: new Date(c.now).toISOString().slice(0, 10), doneBy: c.actor.name };
  const end = done === undefined ? standing : !done ? {} : wasDone === undefined ? finished : standing;
  return decision(change("followUp", environment, id, found.value.body, { ...open, ...given, ...end }), []);
}

export function deleteFollowUp(command: CommandOf<"deleteFollowUp">, c: Circumstances): Result<Decision> {
  const found = followUpOf(command, c);
  if (!found.ok) return found;
  return decision(change("followUp", command.environment, command.id, found.value.body, null), []);
}

function followUpOf(
  { environment, id }: { environment: string; id: string },
  c: Circumstances,
): Result<Row<"followUp">> {
  if (!c.view.get("environment", "", environment)) return reject({ code: "environment-not-found", environment });
  const row = c.view.get("followUp", environment, id);
  if (!row) return reject({ code: "document-not-found", what: "follow-up", name: id });
  const conflict = versionConflict(`follow-up "${id}"`, row, c.ifVersion);
  return conflict ? reject(conflict) : { ok: true, value: row };
}
