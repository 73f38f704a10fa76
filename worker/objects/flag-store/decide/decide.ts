import { renewGuards } from "../../../admin/guards/decide.ts";
import { type Result, reject } from "../../../result.ts";
import type { Command } from "../commands.ts";
import { decideResource, isOfResource } from "../resources.ts";
import type { Circumstances, Decision } from "./decision.ts";
import { archiveFlag, archiveFlags, patchFlag, patchState, putFlag, putState } from "./flag.ts";
import { kill, restore } from "./kill.ts";
import { createKey, deleteEnvironment, deleteProject, putEnvironment, putProject, revokeKey } from "./project.ts";
import { limitKey } from "./quota.ts";
import { mayNotAcknowledge, unentitled } from "./rights.ts";
import { importDocument, revert } from "./transfer.ts";

/**
 * What a command does to a project: the documents that change, or why not. Pure. Whether the actor
 * may make the changes is decided here, for every command alike, by the changes themselves.
 */
export function decide(command: Command, c: Circumstances): Result<Decision> {
  const decided = decideAlone(command, c);
  if (!decided.ok) {
    const { rejection } = decided;
    const hidden = rejection.code === "exposes-hidden-flag" ? rejection.hidden : [];
    // Nobody is asked to acknowledge what they may not.
    const refused = mayNotAcknowledge(c.actor, hidden, c.view);
    return refused ? reject(refused) : decided;
  }
  // A schedule that may not do what it was made for must be able to say so: it is judged where it is applied.
  const refused = command.type === "applySchedule" ? null : unentitled(c.actor, decided.value.changes, c.view);
  // What renewing guards changes is a consequence, which needs no right of its own.
  return refused ? reject(refused) : { ok: true, value: renewGuards(decided.value, c) };
}

function decideAlone(command: Command, c: Circumstances): Result<Decision> {
  const { project } = c;
  if (command.type === "putProject") return putProject(project, command, c);
  if (!c.view.get("project", "", project)) return reject({ code: "project-not-found", project });
  if (isOfResource(command)) return decideResource(command, c);
  switch (command.type) {
    case "deleteProject":
      return deleteProject(c);
    case "putEnvironment":
      return putEnvironment(command, c);
    case "deleteEnvironment":
      return deleteEnvironment(command, c);
    case "putFlag":
      return putFlag(command, c);
    case "patchFlag":
      return patchFlag(command, c);
    case "archiveFlag":
      return archiveFlag(command, c);
    case "archiveFlags":
      return archiveFlags(command, c);
    case "putState":
      return putState(command, c);
    case "patchState":
      return patchState(command, c);
    case "kill":
      return kill(command, c);
    case "restore":
      return restore(command, c);
    case "limitKey":
      return limitKey(command, c);
    case "createKey":
      return createKey(command, c);
    case "revokeKey":
      return revokeKey(command, c);
    case "import":
      return importDocument(command, c);
    case "revert": {
      const history = c.historySince(command.revision);
      if (!history) return reject({ code: "revision-not-found", revision: command.revision, latest: c.revision - 1 });
      return revert(command, c, history);
    }
  }
}
