import type { Context } from "hono";
import { z } from "zod";
import { evaluateFor, type Outcome } from "../../shared/evaluation/run/evaluate.ts";
import { previewedVariant } from "../../shared/evaluation/run/preview.ts";
import { LIMITS } from "../../shared/limits.ts";
import { type Json, json } from "../../shared/schema/primitives.ts";
import type { SnapshotKey } from "../../shared/schema/snapshot.ts";
import { keyedHash } from "../crypto/keyed-hash.ts";
import { mayPreview, openPreviews } from "../crypto/preview-token.ts";
import { bearerOf } from "../crypto/tokens.ts";
import type { Env } from "../env.ts";
import { parseKey } from "../evaluation/edge/bearer-keys.ts";
import { isolateEdge } from "../evaluation/edge/isolate.ts";
import { waitToStore } from "../evaluation/edge/key-limits.ts";
import type { Loaded } from "../evaluation/edge/loaded.ts";
import { fromItsOrigins, subjectOf } from "../evaluation/ofrep.ts";
import { needsTrust, type Signature, trustedContext } from "../evaluation/signed-context.ts";
import { hasProtoName, jsonDepth, readBody } from "../http/body.ts";
import { networkPrefix } from "../http/network-prefix.ts";
import { allowedHeaders } from "../http/preflight.ts";
import { ProblemError } from "../http/problem.ts";
import { IN_TIME, KeylessBodies } from "./keyless-bodies.ts";

/** What visitors' routes answer with: read by pages of any origin, kept by no cache. */
export const VISITOR_HEADERS = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers": "Retry-After",
  "Cache-Control": "no-store",
};
const PREFLIGHT_HEADERS = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
  "Access-Control-Max-Age": "86400",
};
const READ_HEADERS = "Content-Type, Authorization, X-API-Key";
export const preflight = ({ req }: Context): Response =>
  new Response(null, { status: 204, headers: { ...PREFLIGHT_HEADERS, ...allowedHeaders(req.raw, READ_HEADERS) } });

export const refuse = (status: number, errorDetails: string, headers: Record<string, string> = {}): Response =>
  Response.json({ errorDetails }, { status, headers: { ...VISITOR_HEADERS, ...headers } });

/** Answers HEAD where GET waits and holds a place: the router would run it, and nobody would read what it gives. */
export const readByGet = (): Response => refuse(405, "read it by GET", { Allow: "GET" });

/** The same for a flag that is unknown, hidden, off, killed, not this person's, or of another purpose. */
export const noSuchFlag = (flag: string): Response =>
  Response.json(
    { key: flag, errorCode: "FLAG_NOT_FOUND", errorDetails: "there is no flag of this key" },
    { status: 404, headers: VISITOR_HEADERS },
  );

/** Fields of every visitor's request. The key may travel in the body: then a page needs no preflight, and beacons work. */
export const visitorFields = {
  key: z.string().max(LIMITS.tokenChars).optional(),
  context: z.record(z.string(), json).default({}),
};

export interface Visit<B> {
  /** What vouches for the body's context; null when nothing does. */
  readonly signature: Signature | null;
  readonly loaded: Loaded;
  readonly key: SnapshotKey;
  readonly body: B;
  readonly call: { request: Request; env: Env; waitUntil: (work: Promise<unknown>) => void };
}

/**
 * Reads and admits a visitor's request; a refusal is a finished response. A key in a header is judged before the body is
 * read, one in the body as soon as that is read.
 */
export async function admitVisitor<S extends z.ZodType<{ key?: string | undefined; context?: Record<string, Json> }>>(
  call: Visit<unknown>["call"],
  schema: S,
): Promise<Visit<z.infer<S>> | Response> {
  const { request } = call;
  const token = bearerOf(request.headers);
  const early = token === null ? null : await admitKey(call, token);
  if (early instanceof Response) return early;
  const text = await bodyOf(request, early?.key.kind === "server");
  if (text instanceof Response) return text;
  if (text === null) return refuse(413, `the body is larger than ${LIMITS.evaluationBodyBytes} bytes`);
  if (jsonDepth(text) > LIMITS.jsonDepth) return refuse(400, `the body nests deeper than ${LIMITS.jsonDepth} levels`);
  let sent: unknown;
  try {
    sent = JSON.parse(text);
  } catch {
    return refuse(400, "the body is not valid JSON");
  }
  if (hasProtoName(sent)) return refuse(400, 'a property cannot be called "__proto__"');
  const admitted = early ?? (await admitKey(call, (sent as { key?: unknown } | null)?.key));
  if (admitted instanceof Response) return admitted;
  const parsed = schema.safeParse(sent);
  if (parsed.success) return trusting({ ...admitted, body: parsed.data, call });
  const [issue] = parsed.error.issues;
  return refuse(400, `${issue?.path.join(".") || "the body"}: ${issue?.message ?? "is not valid"}`);
}

/** The same visit with the context that counts of the one that was sent. */
function trusting<B extends { context?: Record<string, unknown> }>(
  visit: Omit<Visit<B>, "signature">,
): Visit<B> | Response {
  const { body, key, loaded } = visit;
  if (body.context === undefined || !needsTrust(key, body.context)) return { ...visit, signature: null };
  const trusted = trustedContext(loaded, key, body.context, Date.now());
  if ("refused" in trusted) return refuse(400, `context: ${trusted.refused}`);
  const { context, signature } = trusted;
  return { ...visit, body: { ...body, context }, signature };
}

const keyless = new KeylessBodies(Date.now);

/** The body's text, null when it is too large; a refusal is a finished response, which pages can read. */
async function bodyOf(request: Request, ofServer: boolean): Promise<string | null | Response> {
  const limit = LIMITS.evaluationBodyBytes;
  try {
    return ofServer ? await readBody(request, limit, IN_TIME) : await keyless.read(request, limit);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return refuse(error.problem.status, error.problem.title, error.headers);
  }
}

/** Whose request it is. What these routes do is stored, so each request counts for the bounds of its key and network. */
async function admitKey(
  { request, env, waitUntil }: Visit<unknown>["call"],
  token: unknown,
): Promise<Pick<Visit<unknown>, "loaded" | "key"> | Response> {
  const named = typeof token === "string" ? parseKey(token, env) : null;
  if (typeof token !== "string" || !named) return unauthorized();
  const loaded = await isolateEdge(env, request).current(named.project, named.environment, waitUntil, named);
  if (loaded === "missing") return unauthorized();
  if (loaded === "unreachable") return refuse(503, "try again in a moment", { "Retry-After": "2" });
  const key = loaded.keys.find(token);
  if (!key) return unauthorized();
  const wait = waitToStore(env, loaded, key, request, waitUntil);
  if (wait > 0) return refuse(429, "too many requests: this key asks too often", { "Retry-After": String(wait) });
  if (!fromItsOrigins(key, request)) return refuse(403, "this key may not be used from this origin");
  return { loaded, key };
}

/** The network that a browser's request comes from, recognised for one day; null: a server's, which speaks for others. */
export function networkOf({ loaded, key, call }: Visit<unknown>, use: string, now: number): string | null {
  const { sealKey } = loaded;
  if (key.kind === "server" || !sealKey) return null;
  const prefix = networkPrefix(call.request.headers.get("CF-Connecting-IP") ?? "") ?? "none";
  // Under a key of the day: nobody can follow a network from one day to the next.
  return keyedHash(sealKey, `${use}/${new Date(now).toISOString().slice(0, 10)}`, prefix).slice(0, 32);
}

const unauthorized = (): Response =>
  refuse(401, "send an environment key, in the body or as Authorization: Bearer KEY");

/** What the flag serves this visitor; null when they may not know of it, or are served what the off variant says. */
export async function servedTo(
  { loaded, key, call }: Visit<unknown>,
  flag: string,
  context: Record<string, unknown>,
): Promise<Outcome | null> {
  const subject = await subjectOf(call, loaded, { ...context }, Date.now(), key.kind, flag);
  const outcome = evaluateFor(loaded.compiled, flag, subject, key.kind);
  if (!outcome || outcome.variant === null) return null;
  return outcome.variant === loaded.compiled.flags.get(flag)?.offVariant ? null : outcome;
}

/** Whether a preview shows this visitor the flag as switched on, whatever the rules say; who has one is counted nowhere. */
export async function isPreviewed(
  { loaded, key }: Visit<unknown>,
  flag: string,
  context: Record<string, unknown>,
): Promise<boolean> {
  if (!mayPreview("", context)) return false;
  const { compiled } = loaded;
  const now = Date.now();
  const opened = await openPreviews(loaded, context);
  const previews = opened.filter(({ expires }) => now < expires);
  const known = compiled.flags.get(flag);
  const variant = previewedVariant(known, previews, key.kind);
  return variant !== undefined && variant !== known?.offVariant;
}
