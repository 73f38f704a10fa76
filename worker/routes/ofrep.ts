import { type Context, Hono } from "hono";
import { evaluate, evaluateAll, type Memberships, prepare, visibleTo } from "../../shared/evaluate.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { SnapshotKey } from "../../shared/schema/snapshot.ts";
import { parseKey } from "../edge/bearer-keys.ts";
import type { Loaded } from "../edge/edge.ts";
import { isolateEdge } from "../edge/isolate.ts";
import { isolateLists, LIST_DEADLINE_MS, listsNeeded } from "../edge/list-memory.ts";
import type { Env } from "../env.ts";
import { hasProtoName, isJsonType, jsonDepth, readText } from "../http/body.ts";
import { edgeAttributes } from "../http/edge-attributes.ts";
import { bearerOf } from "../http/tokens.ts";
import { eventStreamsJson, streamPeriod, streamsOffered } from "./streams.ts";

/**
 * The evaluation plane: OFREP 0.3.0. Never waits for the control plane when it has anything to serve, never answers
 * 5xx. Headers are written here rather than by middleware: this is the hot path.
 */
export const ofrep = new Hono<{ Bindings: Env }>();

/** How old (ms) knowledge may be when a client was told that there is something newer. */
const REFETCH_MAX_AGE_MS = 50;

const EXPOSED = "ETag, Retry-After";
const PREFLIGHT_HEADERS = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Methods": "POST, OPTIONS",
  "Access-Control-Allow-Headers": "Content-Type, If-None-Match, Authorization, X-API-Key",
  "Access-Control-Expose-Headers": EXPOSED,
  "Access-Control-Max-Age": "86400",
};

/** OpenFeature's error codes as OFREP spells them. */
type ErrorCode = "PARSE_ERROR" | "INVALID_CONTEXT" | "FLAG_NOT_FOUND" | "GENERAL";

ofrep.options("*", () => new Response(null, { status: 204, headers: PREFLIGHT_HEADERS }));

ofrep.post("/evaluate/flags/:key", async (c) => {
  const flag = c.req.param("key");
  const admitted = await admit(c);
  if (admitted instanceof Response) return admitted;
  const context = await readContext(c.req.raw, flag);
  if (context instanceof Response) return context;
  // An absent value, so the caller's default applies.
  if (admitted === "nothing known") return answer(200, JSON.stringify({ key: flag, reason: "UNKNOWN" }));
  const { loaded, key } = admitted;
  const { compiled } = loaded;
  const memberships = compiled.lists.length === 0 ? undefined : await listed(c, loaded, context, flag);
  const outcome = evaluate(compiled, flag, prepare(compiled, context, Date.now(), memberships));
  if (!outcome || !visibleTo(outcome, key.kind)) {
    return failure(404, "FLAG_NOT_FOUND", "there is no flag of this key", flag);
  }
  return answer(200, key.kind === "client" ? outcome.clientJson : outcome.serverJson);
});

ofrep.post("/evaluate/flags", async (c) => {
  const admitted = await admit(c);
  if (admitted instanceof Response) return admitted;
  const context = await readContext(c.req.raw);
  if (context instanceof Response) return context;
  const known = c.req.raw.headers.get("If-None-Match");
  // Whoever has an answer keeps it.
  if (admitted === "nothing known") return known ? notModified(known) : answer(200, '{"flags":[]}');
  const now = Date.now();
  const { key } = admitted;
  const loaded = await asNewAs(c, admitted, context);
  const { compiled } = loaded;
  const memberships = compiled.lists.length === 0 ? undefined : await listed(c, loaded, context);
  const { flags, etag } = evaluateAll(compiled, prepare(compiled, context, now, memberships), key.kind);
  const streaming = key.kind === "client" && streamsOffered(c.env);
  const tag = streaming ? `"${etag}-${streamPeriod(now)}"` : `"${etag}"`;
  if (known !== null && (known === tag || matches(known, tag))) return notModified(tag);
  const eventStreams = streaming ? await eventStreamsJson(loaded, { keyId: key.id, context, etag }, now) : "";
  return answer(200, `{"flags":[${flags}]${eventStreams}}`, tag);
});

/** Looks up the long lists that the flag, or any flag, needs: in memory, else one read with a deadline. */
function listed(
  c: Context<{ Bindings: Env }>,
  { compiled }: Loaded,
  context: object,
  flag?: string,
): Memberships | Promise<Memberships> {
  const waitUntil = (work: Promise<unknown>) => c.executionCtx.waitUntil(work);
  const lists = listsNeeded(compiled, flag);
  return isolateLists(c.env).memberships(compiled.project, lists, context, waitUntil, LIST_DEADLINE_MS);
}

/** A stream told the client of a result that this isolate may not know yet: then refresh before answering. */
async function asNewAs(c: Context<{ Bindings: Env }>, { loaded, key }: Admitted, context: object): Promise<Loaded> {
  const told = c.req.query("flagConfigEtag");
  if (told === undefined) return loaded;
  const { compiled } = loaded;
  const memberships = compiled.lists.length === 0 ? undefined : await listed(c, loaded, context);
  if (evaluateAll(compiled, prepare(compiled, context, Date.now(), memberships), key.kind).etag === told) return loaded;
  const waitUntil = (work: Promise<unknown>) => c.executionCtx.waitUntil(work);
  const newer = await isolateEdge(c.env, c.req.raw).current(compiled.project, compiled.environment, waitUntil, {
    maxAgeMs: REFETCH_MAX_AGE_MS,
  });
  return typeof newer === "string" ? loaded : newer;
}

ofrep.all("*", () => failure(404, "GENERAL", "there is no such OFREP route; POST /ofrep/v1/evaluate/flags evaluates"));

/** Who asks, and what there is to answer with. */
interface Admitted {
  loaded: Loaded;
  key: SnapshotKey;
}

/** A refusal is a finished response. */
async function admit(c: Context<{ Bindings: Env }>): Promise<Admitted | Response | "nothing known"> {
  const request = c.req.raw;
  const token = bearerOf(request.headers);
  if (token === null) return unauthorized("send an environment key as Authorization: Bearer KEY or X-API-Key: KEY");
  const named = parseKey(token);
  if (!named) return unauthorized(UNKNOWN_KEY);
  const loaded = await isolateEdge(c.env, c.req.raw).current(named.project, named.environment, (work) =>
    c.executionCtx.waitUntil(work),
  );
  if (loaded === "missing") return unauthorized(UNKNOWN_KEY);
  // The key cannot be checked, but without flags there is nothing that it would open.
  if (loaded === "unreachable") return "nothing known";
  const key = loaded.keys.find(token);
  if (!key) return unauthorized(UNKNOWN_KEY);
  if (!fromItsOrigins(key, request)) return json(403, { errorDetails: "this key may not be used from this origin" });
  return { loaded, key };
}

const UNKNOWN_KEY = "this key is unknown or revoked";

/** Binds browsers only: other programs can send any Origin, or none. */
function fromItsOrigins(key: SnapshotKey, request: Request): boolean {
  if (key.kind !== "client" || key.origins.length === 0) return true;
  const origin = request.headers.get("Origin");
  return origin === null || key.origins.includes(origin);
}

/** The evaluation context with the edge's own attributes in it, or what is wrong with the body. */
async function readContext(request: Request, flag?: string): Promise<Record<string, unknown> | Response> {
  const limit = LIMITS.evaluationBodyBytes;
  const text = await readText(request, limit);
  if (text === null) return failure(413, "INVALID_CONTEXT", `the body is larger than ${limit} bytes`, flag);
  if (text === "") return { edge: edgeAttributes(request) };
  if (!isJsonType(request)) return failure(415, "PARSE_ERROR", "send Content-Type: application/json", flag);
  if (jsonDepth(text) > LIMITS.jsonDepth) {
    return failure(400, "INVALID_CONTEXT", `the body nests deeper than ${LIMITS.jsonDepth} levels`, flag);
  }
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return failure(400, "PARSE_ERROR", "the body is not valid JSON", flag);
  }
  if (!isObject(body))
    return failure(
      400,
      "INVALID_CONTEXT",
      'the body must be an object such as {"context": {"targetingKey": "u1"}}',
      flag,
    );
  const context = body.context ?? {};
  if (!isObject(context)) return failure(400, "INVALID_CONTEXT", "context must be an object", flag);
  // Only these texts can hold the name: as it stands, or with a letter of it escaped.
  if ((text.includes("__proto__") || text.includes("\\u")) && hasProtoName(body)) {
    return failure(400, "INVALID_CONTEXT", 'an attribute cannot be called "__proto__"', flag);
  }
  context.edge = edgeAttributes(request);
  return context;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** If-None-Match with several tags, weak ones, or `*`. */
const matches = (known: string, tag: string): boolean =>
  known.split(",").some((one) => one.trim().replace(/^W\//, "") === tag || one.trim() === "*");

function answer(status: number, body: string, etag?: string): Response {
  const headers: Record<string, string> = {
    "Content-Type": "application/json",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": EXPOSED,
  };
  if (etag !== undefined) headers.ETag = etag;
  return new Response(body, { status, headers });
}

const json = (status: number, body: unknown): Response => answer(status, JSON.stringify(body));

const notModified = (tag: string): Response =>
  new Response(null, {
    status: 304,
    headers: { ETag: tag, "Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": EXPOSED },
  });

function failure(status: number, errorCode: ErrorCode, errorDetails: string, key?: string): Response {
  return json(status, key === undefined ? { errorCode, errorDetails } : { key, errorCode, errorDetails });
}

function unauthorized(errorDetails: string): Response {
  const response = json(401, { errorDetails });
  response.headers.set("WWW-Authenticate", 'Bearer realm="blastdoor"');
  return response;
}
