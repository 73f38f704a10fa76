import { splitPercent } from "../shared/split-percent.ts";
import type { FieldIssue, Rejection } from "./result.ts";

/** A rejection as a person reads it. */
export interface RejectionWords {
  title: string;
  detail?: string;
  /** What a program would do about it; people who look at the dashboard are asked there. */
  hint?: string;
  errors?: FieldIssue[];
}

/** Rejections in words: one place, exhaustive. */
export function rejectionWords(rejection: Rejection): RejectionWords {
  const [title, detail, errors, hint] = words(rejection);
  return {
    title,
    ...(detail ? { detail } : {}),
    ...(hint ? { hint } : {}),
    ...(errors ? { errors } : {}),
  };
}

const NAMED = 10;
const someOf = (names: readonly string[]): string =>
  names.length <= NAMED ? names.join(", ") : `${names.slice(0, NAMED).join(", ")} and ${names.length - NAMED} more`;
const notFound = (what: string, name: string) => [`There is no ${what} "${name}"`] as const;

/** What of a change needs which role, the first in words and each under its field. */
function forbidden({ needs, has, heldIn, rights = [] }: Extract<Rejection, { code: "forbidden" }>) {
  const title = "You may not do this";
  const [first, ...others] = rights;
  const yours = `yours${heldIn ? ` in ${heldIn}` : ""} is ${has}.`;
  if (!first) return [title, has ? `It needs ${needs}; ${yours}` : `It needs ${needs}.`] as const;
  const more = others.length === 0 ? "" : `, and ${others.length} more`;
  const detail = `${first.what}: this needs ${roleAsked(first)}${more}; ${yours}`;
  const errors = rights.slice(0, NAMED).map((one) => ({ field: one.field, message: `needs ${roleAsked(one)}` }));
  return [title, detail, errors] as const;
}

function roleAsked({ needs, in: environment }: { needs: string; in?: string }): string {
  if (environment === undefined) return `the role ${needs}`;
  return `the role ${needs} in ${environment === "" ? "every environment" : environment}`;
}

function words(r: Rejection): readonly [string, string?, FieldIssue[]?, string?] {
  switch (r.code) {
    case "project-not-found":
      return notFound("project", r.project);
    case "environment-not-found":
      return notFound("environment", r.environment);
    case "document-not-found":
      return notFound(r.what, r.name);
    case "flag-not-found":
      return notFound("flag", r.flag);
    case "segment-not-found":
      return notFound("segment", r.segment);
    case "list-not-found":
      return [`The segment "${r.segment}" has no long list`];
    case "layer-not-found":
      return notFound("layer", r.layer);
    case "holdout-not-found":
      return notFound("holdout", r.holdout);
    case "key-not-found":
      return notFound("key", r.id);
    case "token-not-found":
      return notFound("token", r.id);
    case "schedule-not-found":
      return notFound("schedule", r.id);
    case "nothing-to-approve":
      return [
        `No breach of "${r.flag}" waits for approval`,
        "It may have been approved already: read the guard again.",
      ];
    case "guard-not-found":
      return [`Nothing guards the flag "${r.flag}" in ${r.environment}`];
    case "plan-not-found":
      return [`The flag "${r.flag}" has no release plan in ${r.environment}`];
    case "plan-template-not-found":
      return notFound("plan template", r.template);
    case "signing-key-not-found":
      return notFound("signing key", r.id);
    case "freeze-not-found":
      return notFound("freeze window", r.freeze);
    case "plan-state":
      return [r.what, r.fix];
    case "webhook-not-found":
      return notFound("webhook", r.id);
    case "trigger-not-found":
      return notFound("trigger", r.id);
    case "revision-too-far":
      return [
        `Too much has changed since revision ${r.revision} to be taken back at once`,
        "Revert to a later revision, set the flag as its history shows it, or restore a backup of that time.",
      ];
    case "revision-not-found":
      return [`There is no revision ${r.revision}`, `The latest is ${r.latest}.`];
    case "flag-archived":
      return [
        `The flag "${r.flag}" is archived`,
        "Its key is kept so that old code does not meet a new meaning. Use another key, or repeat the PUT with ?reuse=true.",
      ];
    case "version-conflict":
      // A writer that makes something new asks for version 0.
      if (r.expected === 0)
        return [`There is already the ${r.what}`, "Choose another key, or read what is there and change that."];
      return [
        `Somebody else changed the ${r.what}`,
        `You edited version ${r.expected}; it is now ${r.actual === 0 ? "gone or not made yet" : `at version ${r.actual}`}. Read it again and repeat the change.`,
      ];
    case "already-exists":
      return [`${r.what} exists already`, r.fix];
    case "in-use":
      return [`Something still uses ${r.what}`, `Change these first: ${r.by.join(", ")}.`];
    case "type-change":
      return [
        `The flag "${r.flag}" is of type ${r.from}`,
        `Code relies on it, so it cannot become ${r.to}; make a new flag.`,
      ];
    case "cycle":
      return [`These ${r.what} would depend on themselves`, r.path.join(" → ")];
    case "exposes-hidden-flag":
      return [
        r.others?.length
          ? `The public flags ${someOf([r.flag, ...r.others].map((flag) => `"${flag}"`))} would depend on hidden flags`
          : `The public flag "${r.flag}" would depend on hidden flags`,
        `Anyone with a client key could read their state off it: ${someOf(r.hidden)}.`,
        undefined,
        "If that is meant, repeat with ?acknowledge=exposes-hidden-flag.",
      ];
    case "invalid":
      return ["Some fields are not valid", undefined, r.issues];
    case "limit-exceeded":
      return [
        `The limit ${r.limit} is ${r.max}`,
        `This would make ${r.actual}.${r.by === undefined ? "" : ` Of the change, ${r.by} takes most: make it smaller, or take away others.`}`,
      ];
    case "forbidden":
      return forbidden(r);
    case "changed-since":
      return [
        `The flag "${r.flag}" was changed after this schedule was made`,
        `It would undo that change of: ${r.fields.join(", ")}. Nothing was changed; look at the flag, and make the schedule again if it is still meant. With applyAnyway it replaces such changes.`,
      ];
    case "idempotency-key-reused":
      return ["This Idempotency-Key was used for another request", "Use a new key for a new request."];
    case "changed-again":
      return [
        `The ${r.what} was changed again since`,
        `Undoing the earlier change would take the later one with it${r.fields.length > 0 ? ` (${r.fields.join(", ")})` : ""}. Undo the later one first, or revert to an earlier revision.`,
      ];
    case "nothing-to-undo":
      return [
        `Revision ${r.revision} changed nothing that can be undone`,
        "Flags, their states, segments, layers and holdouts can be put back; kills are lifted by Restore alone.",
      ];
    case "already-done":
      return [r.what];
    case "test-not-found":
      return [`The flag "${r.flag}" carries no test in ${r.environment}`];
    case "test-running":
      return [
        `The test of "${r.flag}" is running`,
        "What is measured must not change while it is measured. Stop the test first, then change and start it again.",
      ];
    case "layer-full":
      return [
        `Fake doors that run already leave ${splitPercent(r.left)} of all people; this one asks for ${splitPercent(r.asked)}`,
        `Nobody is shown two doors at a time. Stop one of these, or lower the share: ${r.by.join(", ")}.`,
      ];
    case "claimed":
      return [`${r.by} is answering this request`, "Take another one, or ask for it to be handed back."];
    case "not-claimed":
      return ["Take the request before you answer it"];
    case "request-not-found":
      return notFound("request", r.id);
    case "unauthenticated":
      return ["Sign in first", "The token is revoked, or the session has ended."];
    case "session-not-found":
      return notFound("session or sign-in link", r.id);
    case "sign-in-code-invalid":
      return [
        "This sign-in link has been used or has expired",
        "Sign in with a token, or restart to print a new link.",
      ];
  }
}
