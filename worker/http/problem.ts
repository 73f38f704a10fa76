import type { ContentfulStatusCode } from "hono/utils/http-status";
import { SPLIT_TOTAL } from "../../shared/limits.ts";
import type { FieldIssue, Rejection } from "../result.ts";

/** RFC 9457 problem details with a stable code: what administration answers when it refuses. */
export interface Problem {
  type: string;
  title: string;
  status: ContentfulStatusCode;
  code: string;
  detail?: string;
  /** What a program would do about it; people who look at the dashboard are asked there. */
  hint?: string;
  errors?: FieldIssue[];
}

export class ProblemError extends Error {
  override name = "ProblemError";
  readonly problem: Problem;
  readonly headers: Record<string, string>;

  constructor(
    status: ContentfulStatusCode,
    code: string,
    title: string,
    more: Pick<Problem, "detail" | "hint" | "errors"> = {},
    headers: Record<string, string> = {},
  ) {
    super(title);
    this.problem = { type: `https://blastdoor.dev/problems/${code}`, title, status, code, ...more };
    this.headers = headers;
  }
}

export function problemResponse({ problem, headers }: ProblemError): Response {
  return Response.json(problem, {
    status: problem.status,
    headers: { "Content-Type": "application/problem+json", "Cache-Control": "no-store", ...headers },
  });
}

const NAMED = 10;
const someOf = (names: readonly string[]): string =>
  names.length <= NAMED ? names.join(", ") : `${names.slice(0, NAMED).join(", ")} and ${names.length - NAMED} more`;
const percent = (parts: number): string => `${(parts * 100) / SPLIT_TOTAL} %`;
const notFound = (what: string, name: string) => [404, `There is no ${what} "${name}"`, undefined] as const;

/** Rejections in the wire's words: one place, exhaustive. */
export function rejectionProblem(rejection: Rejection): ProblemError {
  const [status, title, detail, errors, hint] = words(rejection);
  return new ProblemError(status, rejection.code, title, {
    ...(detail ? { detail } : {}),
    ...(hint ? { hint } : {}),
    ...(errors ? { errors } : {}),
  });
}

/** What of a change needs which role, the first in words and each under its field. */
function forbidden({ needs, has, rights = [] }: Extract<Rejection, { code: "forbidden" }>) {
  const title = "You may not do this";
  const [first, ...others] = rights;
  if (!first) return [403, title, `It needs ${needs}.`] as const;
  const more = others.length === 0 ? "" : `, and ${others.length} more`;
  const detail = `${first.what}: this needs the role ${first.needs}${more}; yours is ${has}.`;
  const errors = rights.slice(0, NAMED).map((one) => ({ field: one.field, message: `needs the role ${one.needs}` }));
  return [403, title, detail, errors] as const;
}

function words(r: Rejection): readonly [ContentfulStatusCode, string, string?, FieldIssue[]?, string?] {
  switch (r.code) {
    case "project-not-found":
      return notFound("project", r.project);
    case "environment-not-found":
      return notFound("environment", r.environment);
    case "flag-not-found":
      return notFound("flag", r.flag);
    case "segment-not-found":
      return notFound("segment", r.segment);
    case "list-not-found":
      return [404, `The segment "${r.segment}" has no long list`];
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
        409,
        `No breach of "${r.flag}" waits for approval`,
        "It may have been approved already: read the guard again.",
      ];
    case "guard-not-found":
      return [404, `Nothing guards the flag "${r.flag}" in ${r.environment}`];
    case "plan-not-found":
      return [404, `The flag "${r.flag}" has no release plan in ${r.environment}`];
    case "plan-template-not-found":
      return notFound("plan template", r.template);
    case "freeze-not-found":
      return notFound("freeze window", r.freeze);
    case "plan-state":
      return [409, r.what, r.fix];
    case "webhook-not-found":
      return notFound("webhook", r.id);
    case "trigger-not-found":
      return notFound("trigger", r.id);
    case "revision-not-found":
      return [404, `There is no revision ${r.revision}`, `The latest is ${r.latest}.`];
    case "flag-archived":
      return [
        409,
        `The flag "${r.flag}" is archived`,
        "Its key is kept so that old code does not meet a new meaning. Use another key, or repeat the PUT with ?reuse=true.",
      ];
    case "version-conflict":
      return [
        412,
        `Somebody else changed the ${r.what}`,
        `You edited version ${r.expected}; it is now ${r.actual === 0 ? "gone or not made yet" : `at version ${r.actual}`}. Read it again and repeat the change.`,
      ];
    case "already-exists":
      return [409, `${r.what} exists already`, r.fix];
    case "in-use":
      return [409, `Something still uses ${r.what}`, `Change these first: ${r.by.join(", ")}.`];
    case "type-change":
      return [
        409,
        `The flag "${r.flag}" is of type ${r.from}`,
        `Code relies on it, so it cannot become ${r.to}; make a new flag.`,
      ];
    case "cycle":
      return [422, `These ${r.what} would depend on themselves`, r.path.join(" → ")];
    case "exposes-hidden-flag":
      return [
        422,
        r.others?.length
          ? `The public flags ${someOf([r.flag, ...r.others].map((flag) => `"${flag}"`))} would depend on hidden flags`
          : `The public flag "${r.flag}" would depend on hidden flags`,
        `Anyone with a client key could read their state off it: ${someOf(r.hidden)}.`,
        undefined,
        "If that is meant, repeat with ?acknowledge=exposes-hidden-flag.",
      ];
    case "invalid":
      return [422, "Some fields are not valid", undefined, r.issues];
    case "limit-exceeded":
      return [422, `The limit ${r.limit} is ${r.max}`, `This would make ${r.actual}.`];
    case "forbidden":
      return forbidden(r);
    case "idempotency-key-reused":
      return [422, "This Idempotency-Key was used for another request", "Use a new key for a new request."];
    case "already-done":
      return [409, r.what];
    case "test-not-found":
      return [404, `The flag "${r.flag}" carries no test in ${r.environment}`];
    case "test-running":
      return [
        409,
        `The test of "${r.flag}" is running`,
        "What is measured must not change while it is measured. Stop the test first, then change and start it again.",
      ];
    case "layer-full":
      return [
        409,
        `Fake doors that run already leave ${percent(r.left)} of all people; this one asks for ${percent(r.asked)}`,
        `Nobody is shown two doors at a time. Stop one of these, or lower the share: ${r.by.join(", ")}.`,
      ];
    case "claimed":
      return [409, `${r.by} is answering this request`, "Take another one, or ask for it to be handed back."];
    case "not-claimed":
      return [409, "Take the request before you answer it"];
    case "request-not-found":
      return notFound("request", r.id);
    case "unauthenticated":
      return [401, "Sign in first", "The token is revoked, or the session has ended."];
    case "session-not-found":
      return notFound("session or sign-in link", r.id);
    case "sign-in-code-invalid":
      return [
        401,
        "This sign-in link has been used or has expired",
        "Sign in with a token, or restart to print a new link.",
      ];
  }
}
