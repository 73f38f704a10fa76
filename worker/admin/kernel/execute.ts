import type { Context } from "hono";
import type { Slug } from "../../../shared/schema/names.ts";
import { isolateEdge } from "../../evaluation/edge/isolate.ts";
import { ProblemError, rejectionProblem } from "../../http/problem.ts";
import type { Command, OwnCommand } from "../../objects/flag-store/commands.ts";
import type { Reply } from "../../objects/flag-store/methods.ts";
import { DurableUnavailable } from "../../objects/kernel/durable-stub.ts";
import { flagStore } from "../../objects/stubs.ts";
import type { AdminEnv } from "./principal.ts";

type AdminContext = Context<AdminEnv>;

/**
 * Sends a command to its project's store. It carries an id, so that a reply lost on the way is asked for again
 * instead of the command being carried out twice.
 */
export async function execute(
  c: AdminContext,
  project: Slug,
  command: Exclude<Command, OwnCommand>,
  options: { comment?: string | undefined; dryRun?: boolean | undefined } = {},
): Promise<Reply> {
  const principal = c.get("principal");
  const { type, id, name, role, grants } = principal;
  const key = c.req.header("Idempotency-Key");
  const ifVersion = ifMatch(c);
  const envelope = {
    id: key === undefined ? crypto.randomUUID() : `${principal.id}/${key}`,
    project,
    actor: { type, id, name, role },
    ...(grants === undefined ? {} : { grants }),
    comment: options.comment ?? "",
    ...(ifVersion === undefined ? {} : { ifVersion }),
    ...(options.dryRun ? { dryRun: true } : {}),
    command,
  };
  const store = flagStore(c.env, project);
  let result: Awaited<ReturnType<typeof store.execute>>;
  try {
    result = await store.execute(envelope);
  } catch (error) {
    if (!(error instanceof DurableUnavailable)) throw error;
    result = await store.execute(envelope);
  }
  if (!result.ok) throw rejectionProblem(result.rejection);
  isolateEdge(c.env, c.req.raw).require(project, result.value.revision);
  return result.value;
}

function ifMatch(c: AdminContext): number | undefined {
  const header = c.req.header("If-Match");
  if (header === undefined || header === "*") return undefined;
  const match = /^(?:W\/)?"(\d{1,15})"$/.exec(header.trim());
  if (!match)
    throw new ProblemError(400, "if-match-invalid", "If-Match is not a version", {
      detail: 'Send the version from the last answer in quotes, such as If-Match: "3".',
    });
  return Number(match[1]);
}

/** The answer to a write: the document as it now stands, its version as ETag. */
export function written<V>(c: AdminContext, reply: Reply): { view: V; status: 200 | 201 } {
  const { version } = reply.view as { version: number };
  c.header("ETag", `"${version}"`);
  return { view: reply.view as V, status: reply.created ? 201 : 200 };
}

export function found<V extends object>(c: AdminContext, view: V | null, what: string, name: string): V {
  if (view === null) throw new ProblemError(404, `${what}-not-found`, `There is no ${what} "${name}"`);
  if ("version" in view) c.header("ETag", `"${view.version}"`);
  return view;
}
