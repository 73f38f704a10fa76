import type { ContentfulStatusCode } from "hono/utils/http-status";
import { type RejectionWords, rejectionWords } from "../rejection-words.ts";
import type { Rejection } from "../result.ts";

/** RFC 9457 problem details with a stable code: what administration answers when it refuses. */
export interface Problem extends RejectionWords {
  type: string;
  status: ContentfulStatusCode;
  code: string;
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

/** Rejections on the wire: the status of each code, its words beside it. */
export function rejectionProblem(rejection: Rejection): ProblemError {
  const { title, ...more } = rejectionWords(rejection);
  return new ProblemError(STATUS[rejection.code], codeOf(rejection), title, more);
}

const codeOf = (rejection: Rejection): string =>
  rejection.code === "document-not-found" ? `${rejection.what.replaceAll(" ", "-")}-not-found` : rejection.code;

const STATUS: { readonly [C in Rejection["code"]]: ContentfulStatusCode } = {
  "project-not-found": 404,
  "environment-not-found": 404,
  "document-not-found": 404,
  "flag-not-found": 404,
  "segment-not-found": 404,
  "list-not-found": 404,
  "layer-not-found": 404,
  "holdout-not-found": 404,
  "key-not-found": 404,
  "token-not-found": 404,
  "schedule-not-found": 404,
  "nothing-to-approve": 409,
  "guard-not-found": 404,
  "plan-not-found": 404,
  "plan-template-not-found": 404,
  "freeze-not-found": 404,
  "signing-key-not-found": 404,
  "plan-state": 409,
  "webhook-not-found": 404,
  "trigger-not-found": 404,
  "revision-not-found": 404,
  "flag-archived": 409,
  "version-conflict": 412,
  "already-exists": 409,
  "in-use": 409,
  "type-change": 409,
  cycle: 422,
  "exposes-hidden-flag": 422,
  invalid: 422,
  "limit-exceeded": 422,
  forbidden: 403,
  "changed-since": 409,
  "revision-too-far": 422,
  "idempotency-key-reused": 422,
  "already-done": 409,
  "changed-again": 409,
  "nothing-to-undo": 409,
  "test-not-found": 404,
  "test-running": 409,
  "layer-full": 409,
  claimed: 409,
  "not-claimed": 409,
  "request-not-found": 404,
  unauthenticated: 401,
  "session-not-found": 404,
  "sign-in-code-invalid": 401,
};
