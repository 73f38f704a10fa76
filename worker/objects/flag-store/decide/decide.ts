import { renewGuards } from "../../../admin/guards/decide.ts";
import { type Result, reject } from "../../../result.ts";
import type { Command } from "../commands.ts";
import { handlerOf } from "../resources.ts";
import { actorsAuthority, type Circumstances, type Decision, UnreadableDocument } from "./decision.ts";
import { mayNotAcknowledge, unentitled } from "./rights.ts";

/**
 * What a command does to a project: the documents that change, or why not. Pure. Whether the actor may make the changes
 * is decided here, for every command alike, by the changes themselves.
 */
export function decide(command: Command, c: Circumstances): Result<Decision> {
  const decided = decideAlone(command, c);
  if (!decided.ok) {
    const { rejection } = decided;
    const hidden = rejection.code === "exposes-hidden-flag" ? rejection.hidden : [];
    // Nobody is asked to acknowledge what they may not.
    const environment = "environment" in command ? (command.environment ?? "") : "";
    const refused = mayNotAcknowledge(actorsAuthority(c), hidden, environment, c.view);
    return refused ? reject(refused) : decided;
  }
  // A schedule that may not do what it was made for must be able to say so: it is judged where it is applied.
  const refused =
    command.type === "applySchedule" ? null : unentitled(actorsAuthority(c), decided.value.changes, c.view);
  // What renewing guards changes is a consequence, which needs no right of its own.
  return refused ? reject(refused) : { ok: true, value: renewGuards(decided.value, c) };
}

function decideAlone(command: Command, c: Circumstances): Result<Decision> {
  const { project } = c;
  if (command.type !== "putProject" && !c.view.get("project", "", project))
    return reject({ code: "project-not-found", project });
  try {
    return handlerOf(command).decide(command, c);
  } catch (error) {
    if (error instanceof UnreadableDocument) return reject({ code: "invalid", issues: error.issues.slice(0, 50) });
    throw error;
  }
}
