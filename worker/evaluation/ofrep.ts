import { type Audience, evaluateFor, type Subject } from "../../shared/evaluation/run/evaluate.ts";
import { evaluateAllWithPreviews, evaluateWithPreviews, type Preview } from "../../shared/evaluation/run/preview.ts";
import { LIMITS } from "../../shared/limits.ts";
import { FREE_POLL_SECONDS } from "../../shared/plan.ts";
import type { SnapshotKey } from "../../shared/schema/snapshot.ts";
import { adoptPreview, mayPreview, openPreviews } from "../crypto/preview-token.ts";
import { bearerOf } from "../crypto/tokens.ts";
import type { Env } from "../env.ts";
import { isJsonType } from "../http/body.ts";
import { edgeAttributes } from "../http/edge-attributes.ts";
import { pathStart } from "../http/path-start.ts";
import { allowedHeaders } from "../http/preflight.ts";
import { ProblemError } from "../http/problem.ts";
import { HSTS } from "../http/security-headers.ts";
import { log } from "../log.ts";
import { isFree } from "../plan.ts";
import { contextBodies } from "./context-body.ts";
import { contextIn, isFault } from "./context-text.ts";
import { parseKey } from "./edge/bearer-keys.ts";
import { isolateEdge } from "./edge/isolate.ts";
import { isolateUsage } from "./edge/isolate-usage.ts";
import { waitOfKey } from "./edge/key-limits.ts";
import type { Known, Loaded } from "./edge/loaded.ts";
import { refetches } from "./edge/refetch.ts";
import { needsTrust, type Trusted, trustedContext } from "./signed-context.ts";
import { streamFor, streamsOffered, subjectOfStream } from "./streams.ts";
import { listedSubject } from "./subject.ts";

/** One request and what it runs with. */
export interface Call {
  readonly request: Request;
  /** `request.url`, which the runtime makes anew each time it is read. */
  readonly url: string;
  readonly env: Env;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/** All flags at this path, one flag behind it. */
export const EVALUATION_PATH = "/ofrep/v1/evaluate/flags";
const ONE = `${EVALUATION_PATH}/`;

const EXPOSED = "ETag, Retry-After";
const READ_HEADERS = "Content-Type, If-None-Match, Authorization, X-API-Key";
const PREFLIGHT_HEADERS = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Methods": "POST, OPTIONS",
  "Access-Control-Expose-Headers": EXPOSED,
  "Access-Control-Max-Age": "86400",
  "X-Content-Type-Options": "nosniff",
  "Strict-Transport-Security": HSTS,
};

/** OpenFeature's error codes as OFREP spells them. */
type ErrorCode = "PARSE_ERROR" | "INVALID_CONTEXT" | "FLAG_NOT_FOUND" | "GENERAL";

/**
 * The evaluation plane: OFREP 0.3.0. Never waits for the control plane when it has anything to serve, never answers
 * 5xx. This is the hot path, so it routes and writes its headers itself, and awaits only what there is to wait for: a
 * router's context, a middleware, a promise that is settled already each cost as much as some evaluations.
 */
export async function ofrep(request: Request, url: string, env: Env, execution: ExecutionContext): Promise<Response> {
  const { method } = request;
  if (method === "OPTIONS") {
    const headers = { ...PREFLIGHT_HEADERS, ...allowedHeaders(request, READ_HEADERS) };
    return new Response(null, { status: 204, headers });
  }
  const flag = method === "POST" ? flagAskedFor(pathOf(url)) : undefined;
  if (flag === undefined)
    return failure(404, "GENERAL", "there is no such OFREP route; POST /ofrep/v1/evaluate/flags evaluates");
  const call = { request, url, env, waitUntil: (work: Promise<unknown>) => execution.waitUntil(work) };
  try {
    const admission = admit(call);
    const admitted = admission instanceof Promise ? await admission : admission;
    if (admitted instanceof Response) return admitted;
    const kind = admitted === "nothing known" ? "client" : admitted.key.kind;
    const text = await contextBodies.read(request, LIMITS.evaluationBodyBytes, kind);
    const sent = readContext(request, text, flag);
    if (sent instanceof Response) return sent;
    if (admitted === "nothing known") return nothingKnown(request, flag);
    const { key, loaded } = admitted;
    const trusted = needsTrust(key, sent) ? trustedContext(loaded, key, sent, Date.now()) : unsigned(sent);
    if ("refused" in trusted) return failure(400, "INVALID_CONTEXT", trusted.refused, flag);
    return await (flag === null ? bulk(call, admitted, trusted) : one(call, admitted, trusted.context, flag));
  } catch (error) {
    return unexpected(error);
  }
}

/** The flag's key; null: all flags. Undefined: nothing is evaluated at this path. */
function flagAskedFor(path: string): string | null | undefined {
  if (path === EVALUATION_PATH) return null;
  const isOne = path.startsWith(ONE) && path.length > ONE.length && !path.includes("/", ONE.length);
  return isOne ? decoded(path.slice(ONE.length)) : undefined;
}

function pathOf(url: string): string {
  const end = url.indexOf("?");
  return url.slice(pathStart(url), end < 0 ? undefined : end);
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

async function one(call: Call, admitted: Admitted, context: Record<string, unknown>, flag: string): Promise<Response> {
  const { key } = admitted;
  const { compiled } = admitted.loaded;
  const now = Date.now();
  const prepared = subjectOf(call, admitted.loaded, context, now, key.kind, flag);
  const subject = prepared instanceof Promise ? await prepared : prepared;
  if (mayPreview(call.url, context)) {
    const shown = evaluateWithPreviews(compiled, flag, subject, key.kind, await previewsOf(call, admitted, context));
    return shown === undefined ? unknownFlag(flag) : answer(shown);
  }
  const outcome = evaluateFor(compiled, flag, subject, key.kind);
  if (!outcome) return unknownFlag(flag);
  noteUsage(call, admitted, flag, context, now);
  return answer(key.kind === "client" ? outcome.clientJson : outcome.serverJson);
}

const unknownFlag = (flag: string): Response => failure(404, "FLAG_NOT_FOUND", "there is no flag of this key", flag);

function noteUsage(
  { request, env, waitUntil }: Call,
  { loaded, key }: Admitted,
  flag: string | null,
  context: Record<string, unknown>,
  now: number,
): void {
  const { kind, id: keyId } = key;
  const ageMs = isolateEdge(env, request).age(loaded.project, now);
  const served = { kind, keyId, shape: flag === null ? "bulk" : "one", ageMs } as const;
  isolateUsage(env).note(loaded, flag, kind === "server" ? context : null, served, now, waitUntil);
}

const NO_PREVIEWS: readonly Preview[] = [];

/** The previews that this request brings and that are not over. */
async function previewsOf(
  { url }: Call,
  { loaded }: Admitted,
  context: Record<string, unknown>,
): Promise<readonly Preview[]> {
  adoptPreview(url, context);
  const now = Date.now();
  return (await openPreviews(loaded, context)).filter(({ expires }) => now < expires);
}

const unsigned = (context: Record<string, unknown>): Trusted => ({ context, signature: null });

async function bulk(call: Call, admitted: Admitted, { context, signature }: Trusted): Promise<Response> {
  const known = call.request.headers.get("If-None-Match");
  const now = Date.now();
  const { key } = admitted;
  const previews = mayPreview(call.url, context) ? await previewsOf(call, admitted, context) : NO_PREVIEWS;
  const loaded = call.url.includes(TOLD) ? await asNewAs(call, admitted, context, previews) : admitted.loaded;
  const prepared = subjectOf(call, loaded, context, now, key.kind);
  const subject = prepared instanceof Promise ? await prepared : prepared;
  const { flags, etag } = evaluateAllWithPreviews(loaded.compiled, subject, key.kind, previews);
  if (previews.length === 0) noteUsage(call, admitted, null, context, now);
  const streaming = key.kind === "client" && streamsOffered(call.env);
  const stream = streaming ? streamFor(call.env, loaded, subjectOfStream(key, context, etag, signature), now) : null;
  const tag = stream === null ? `"${etag}"` : `"${etag}-${stream.mark}"`;
  if (known !== null && (known === tag || matches(known, tag))) {
    isolateUsage(call.env).notModified(loaded);
    return notModified(tag);
  }
  const more = stream !== null ? stream.json() : isFree(call.env) ? FREE_POLLS : "";
  return tagged(`{"flags":[${flags}]${more}}`, tag);
}

/** Of the flag set, as OFREP's metadata: without streams, how often a client may ask. */
const FREE_POLLS = `,"metadata":{"pollIntervalSeconds":${FREE_POLL_SECONDS}}`;

/**
 * The context with the edge's own attributes in it, unless no condition asks for them (then nobody reads the client's),
 * and with the long lists that the flag, or any flag, needs: in memory, else one read with a deadline.
 */
export function subjectOf(
  { request, env, waitUntil }: Omit<Call, "url">,
  loaded: Loaded,
  context: Record<string, unknown>,
  now: number,
  audience: Audience,
  flag?: string,
): Subject | Promise<Subject> {
  if (loaded.compiled.readsEdge) context.edge = edgeAttributes(request, loaded);
  return listedSubject(env, loaded, context, now, audience, waitUntil, flag);
}

const TOLD = "flagConfigEtag";

/** A stream told the client of a result that this isolate may not know yet: then refresh before answering. */
async function asNewAs(
  call: Call,
  { loaded, key }: Admitted,
  context: Record<string, unknown>,
  previews: readonly Preview[],
): Promise<Loaded> {
  const { request, url, env, waitUntil } = call;
  const told = new URL(url).searchParams.get(TOLD);
  if (told === null) return loaded;
  const edge = isolateEdge(env, request);
  const { project, environment } = loaded;
  return refetches.asNewAs(told, key.id, loaded, {
    now: () => Date.now(),
    wait: (ms) => scheduler.wait(ms),
    age: () => edge.age(project, Date.now()),
    current: (options) => edge.current(project, environment, waitUntil, options),
    etagOf: async (known) => {
      const subject = await subjectOf(call, known, context, Date.now(), key.kind);
      return evaluateAllWithPreviews(known.compiled, subject, key.kind, previews).etag;
    },
  });
}

/** Who asks, and what there is to answer with. */
interface Admitted {
  loaded: Loaded;
  key: SnapshotKey;
}

/** A refusal is a finished response. */
type Admission = Admitted | Response | "nothing known";

function admit(call: Call): Admission | Promise<Admission> {
  const { request, env, waitUntil } = call;
  const token = bearerOf(request.headers);
  if (token === null) return unauthorized("send an environment key as Authorization: Bearer KEY or X-API-Key: KEY");
  const named = parseKey(token, env);
  if (!named) return unauthorized(UNKNOWN_KEY);
  const known = isolateEdge(env, request).current(named.project, named.environment, waitUntil, named);
  return known instanceof Promise ? known.then((late) => admitWith(late, token, call)) : admitWith(known, token, call);
}

function admitWith(known: Known, token: string, { request, env, waitUntil }: Call): Admission {
  if (known === "missing") return unauthorized(UNKNOWN_KEY);
  // The key cannot be checked, but without flags there is nothing that it would open.
  if (known === "unreachable") return "nothing known";
  const key = known.keys.find(token);
  if (!key) return unauthorized(UNKNOWN_KEY);
  const wait = waitOfKey(env, known, key, waitUntil);
  if (wait > 0) return tooMany(wait);
  if (!fromItsOrigins(key, request)) return json(403, { errorDetails: "this key may not be used from this origin" });
  return { loaded: known, key };
}

/** A client that has an answer keeps it. One that has none gets an absent value, so that the caller's default applies. */
function nothingKnown(request: Request, flag: string | null): Response {
  if (flag !== null) return answer(JSON.stringify({ key: flag, reason: "UNKNOWN" }));
  const known = request.headers.get("If-None-Match");
  return known ? notModified(known) : answer('{"flags":[]}');
}

const UNKNOWN_KEY = "this key is unknown or revoked";

/** Binds browsers only: other programs can send any Origin, or none. */
export function fromItsOrigins(key: SnapshotKey, request: Request): boolean {
  if (key.kind !== "client" || key.origins.length === 0) return true;
  const origin = request.headers.get("Origin");
  return origin === null || key.origins.includes(origin);
}

/**
 * The evaluation context as sent, or what is wrong with the body.
 *
 * @param text null: there was more than allowed
 */
function readContext(request: Request, text: string | null, flag: string | null): Record<string, unknown> | Response {
  if (text === null)
    return failure(413, "INVALID_CONTEXT", `the body is larger than ${LIMITS.evaluationBodyBytes} bytes`, flag);
  if (text === "") return failure(400, "PARSE_ERROR", 'send a body such as {"context": {"targetingKey": "u1"}}', flag);
  if (!isJsonType(request)) return failure(415, "PARSE_ERROR", "send Content-Type: application/json", flag);
  const context = contextIn(text);
  return isFault(context) ? failure(400, context.errorCode, context.fault, flag) : context;
}

/** If-None-Match with several tags, weak ones, or `*`. */
const matches = (known: string, tag: string): boolean =>
  known.split(",").some((one) => one.trim().replace(/^W\//, "") === tag || one.trim() === "*");

const ANSWER_HEADERS = {
  "Content-Type": "application/json",
  "X-Content-Type-Options": "nosniff",
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers": EXPOSED,
};

/** From a literal: a Headers object beside it would be one more for the runtime to make, copy and collect. */
const tagged = (body: string, etag: string): Response =>
  new Response(body, {
    headers: {
      "Content-Type": "application/json",
      "X-Content-Type-Options": "nosniff",
      "Access-Control-Allow-Origin": "*",
      "Access-Control-Expose-Headers": EXPOSED,
      ETag: etag,
    },
  });

const answer = (body: string): Response => new Response(body, { headers: ANSWER_HEADERS });

const json = (status: number, body: unknown, headers?: Record<string, string>): Response =>
  new Response(JSON.stringify(body), { status, headers: { ...ANSWER_HEADERS, ...headers } });

const notModified = (tag: string): Response =>
  new Response(null, {
    status: 304,
    headers: {
      ETag: tag,
      "X-Content-Type-Options": "nosniff",
      "Access-Control-Allow-Origin": "*",
      "Access-Control-Expose-Headers": EXPOSED,
    },
  });

function failure(status: number, errorCode: ErrorCode, errorDetails: string, key: string | null = null): Response {
  return json(status, key === null ? { errorCode, errorDetails } : { key, errorCode, errorDetails });
}

/** OFREP's answer to a client that asks too often; providers wait as long as `Retry-After` says (whole seconds). */
const tooMany = (seconds: number | string, errorDetails = "this key asks too often"): Response =>
  json(429, { errorDetails }, { "Retry-After": String(seconds) });

/** Such as a body that broke off. Callers serve their defaults. */
function unexpected(error: unknown): Response {
  // No room for a large body. Evaluation answers no 5xx: clients would take it for an outage.
  if (error instanceof ProblemError && error.problem.status === 503)
    return tooMany(error.headers["Retry-After"] ?? 1, error.problem.title);
  if (error instanceof ProblemError) return failure(error.problem.status, "GENERAL", error.problem.title);
  log({ event: "unexpected-error", path: EVALUATION_PATH, error: String(error) });
  return json(500, { errorDetails: "something went wrong on our side" });
}

const unauthorized = (errorDetails: string): Response =>
  json(401, { errorDetails }, { "WWW-Authenticate": 'Bearer realm="blastdoor"' });
