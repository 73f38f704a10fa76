import { z } from "zod";
import { evaluate, type Outcome, visibleTo } from "../../shared/evaluate.ts";
import { LIMITS } from "../../shared/limits.ts";
import { previewedVariant } from "../../shared/preview.ts";
import { json } from "../../shared/schema/primitives.ts";
import type { SnapshotKey } from "../../shared/schema/snapshot.ts";
import { parseKey } from "../edge/bearer-keys.ts";
import type { Loaded } from "../edge/edge.ts";
import { isolateEdge } from "../edge/isolate.ts";
import type { Env } from "../env.ts";
import { hasProtoName, jsonDepth, readText } from "../http/body.ts";
import { mayPreview, openPreviews } from "../http/preview-token.ts";
import { bearerOf } from "../http/tokens.ts";
import { fromItsOrigins, subjectOf } from "./ofrep.ts";

/** What visitors' routes answer with: read by pages of any origin, kept by no cache. */
export const VISITOR_HEADERS = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers": "Retry-After",
  "Cache-Control": "no-store",
};
const PREFLIGHT_HEADERS = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
  "Access-Control-Allow-Headers": "Content-Type, Authorization, X-API-Key",
  "Access-Control-Max-Age": "86400",
};
export const preflight = (): Response => new Response(null, { status: 204, headers: PREFLIGHT_HEADERS });

export const refuse = (status: number, errorDetails: string, headers: Record<string, string> = {}): Response =>
  Response.json({ errorDetails }, { status, headers: { ...VISITOR_HEADERS, ...headers } });

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
  readonly loaded: Loaded;
  readonly key: SnapshotKey;
  readonly body: B;
  readonly call: { request: Request; env: Env; waitUntil: (work: Promise<unknown>) => void };
}

/** Reads and admits a visitor's request; a refusal is a finished response. */
export async function admitVisitor<S extends z.ZodType<{ key?: string | undefined }>>(
  call: Visit<unknown>["call"],
  schema: S,
): Promise<Visit<z.infer<S>> | Response> {
  const { request, env, waitUntil } = call;
  const text = await readText(request, LIMITS.evaluationBodyBytes);
  if (text === null) return refuse(413, `the body is larger than ${LIMITS.evaluationBodyBytes} bytes`);
  if (jsonDepth(text) > LIMITS.jsonDepth) return refuse(400, `the body nests deeper than ${LIMITS.jsonDepth} levels`);
  let sent: unknown;
  try {
    sent = JSON.parse(text);
  } catch {
    return refuse(400, "the body is not valid JSON");
  }
  if (hasProtoName(sent)) return refuse(400, 'a property cannot be called "__proto__"');
  const parsed = schema.safeParse(sent);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuse(400, `${issue?.path.join(".") || "the body"}: ${issue?.message ?? "is not valid"}`);
  }
  const token = bearerOf(request.headers) ?? parsed.data.key ?? null;
  const named = token === null ? null : parseKey(token, env);
  if (token === null || !named) return unauthorized();
  const loaded = await isolateEdge(env, request).current(named.project, named.environment, waitUntil, named);
  if (loaded === "missing") return unauthorized();
  if (loaded === "unreachable") return refuse(503, "try again in a moment", { "Retry-After": "2" });
  const key = loaded.keys.find(token);
  if (!key) return unauthorized();
  if (!fromItsOrigins(key, request)) return refuse(403, "this key may not be used from this origin");
  return { loaded, key, body: parsed.data, call };
}

const unauthorized = (): Response =>
  refuse(401, "send an environment key, in the body or as Authorization: Bearer KEY");

/** What the flag serves this visitor; null when they may not know of it, or are served what the off variant says. */
export async function servedTo(
  { loaded, key, call }: Visit<unknown>,
  flag: string,
  context: Record<string, unknown>,
): Promise<Outcome | null> {
  const outcome = evaluate(loaded.compiled, flag, await subjectOf(call, loaded, { ...context }, Date.now(), flag));
  if (!outcome || !visibleTo(outcome, key.kind) || outcome.variant === null) return null;
  return outcome.variant === loaded.compiled.flags.get(flag)?.offVariant ? null : outcome;
}

/** Whether a preview shows this visitor the flag as switched on, whatever the rules say; who has one is counted nowhere. */
export async function isPreviewed(
  { loaded, key }: Visit<unknown>,
  flag: string,
  context: Record<string, unknown>,
): Promise<boolean> {
  if (!mayPreview("", context)) return false;
  const { compiled, sealKey } = loaded;
  const now = Date.now();
  const opened = await openPreviews(sealKey, compiled.environment, context);
  const previews = opened.filter(({ expires }) => now < expires);
  const known = compiled.flags.get(flag);
  const variant = previewedVariant(known, previews, key.kind);
  return variant !== undefined && variant !== known?.offVariant;
}
