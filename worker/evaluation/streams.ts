import { Hono } from "hono";
import { prepare } from "../../shared/evaluation/run/evaluate.ts";
import { evaluateAllWithPreviews } from "../../shared/evaluation/run/preview.ts";
import { parseSlug } from "../../shared/schema/names.ts";
import type { SnapshotKey } from "../../shared/schema/snapshot.ts";
import { openPreviews, PREVIEW_ATTRIBUTE } from "../crypto/preview-token.ts";
import { sha256 } from "../crypto/sha256.ts";
import { openStreamToken, type StreamSubject, sealStreamToken } from "../crypto/stream-token.ts";
import type { Env } from "../env.ts";
import { basePath } from "../http/base-path.ts";
import { edgeAttributes } from "../http/edge-attributes.ts";
import { EVENT_STREAM_HEADERS } from "../http/event-stream.ts";
import { networkPrefix } from "../http/network-prefix.ts";
import { isFree } from "../plan.ts";
import { comeBackLater, type NoticesDeps, tellChanges } from "./edge/change-notices.ts";
import { isolateEdge } from "./edge/isolate.ts";
import { waitOfOther } from "./edge/key-limits.ts";
import { isolateLists, LIST_PATIENCE_MS } from "./edge/list-memory.ts";
import type { Loaded } from "./edge/loaded.ts";
import { type SlotHolder, StreamSlots } from "./edge/stream-slots.ts";
import { type Signature, stillTrusted } from "./signed-context.ts";

/**
 * Change notices: OFREP event streams (SSE). A stream evaluates its sealed context again when flags or kills change
 * and speaks only when that context's own result differs, so it says nothing about flags that its client cannot see.
 */
export const streams = new Hono<{ Bindings: Env }>();

/** Streams per isolate; each costs about 95 KB of its 128 MB. */
const DEFAULT_STREAMS_PER_ISOLATE = 600;
/** A page in the background closes its stream after this long (s), as OFREP's `inactivityDelaySec`. */
const INACTIVITY_S = 120;

const slots = new StreamSlots(Date.now);
/** Streams open in this isolate. @internal Tests watch it to see that each stream gives its slot back. */
export const openStreams = (): number => slots.count;

/** Notices and heartbeats that a client may leave unread; then it is taken for gone (with heartbeats alone: 80 s). */
const UNREAD = 8;

/** Those of one project in this isolate. */
export const openStreamsOf = (project: string): number => slots.countOf(project);

export const streamsOffered = (env: Env): boolean => env.EVENT_STREAMS !== "off" && !isFree(env);

/** Whom a stream serves, and what it rests on. */
export function subjectOfStream(
  { id: keyId, signing }: SnapshotKey,
  context: Record<string, unknown>,
  etag: string,
  signature: Signature | null,
): StreamSubject {
  const subject: StreamSubject = { keyId, context, etag };
  if (signing !== undefined) subject.signing = signing;
  if (signature !== null) subject.signed = { kid: signature.kid, until: signature.until };
  return subject;
}

/** The stream that a client's bulk answer offers. */
export interface OfferedStream {
  /**
   * For the answer's ETag: a keyed hash of everything that the stream rests on, so of context, key, period and signature.
   * With another one the same result is another answer, which a 304 would leave the client without.
   */
  readonly mark: string;
  /** OFREP's `eventStreams`, with a comma in front. */
  json(): string;
}

/** Null when no stream fits: the subject would make the address too long. */
export function streamFor(env: Env, loaded: Loaded, subject: StreamSubject, now: number): OfferedStream | null {
  const { project, environment } = loaded;
  // The edge says anew what it knows where the stream is opened.
  const context = subject.context.edge === undefined ? subject.context : { ...subject.context, edge: undefined };
  const token = sealStreamToken(loaded, { ...subject, context }, now);
  if (token === null) return null;
  return {
    mark: token.mark,
    json() {
      const requestUri = `${basePath(env)}/ofrep/v1/streams/${project}/${environment}?token=${token.seal()}`;
      return `,"eventStreams":[{"type":"sse","endpoint":{"requestUri":"${requestUri}"},"inactivityDelaySec":${INACTIVITY_S}}]`;
    },
  };
}

const cors = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers": "Retry-After",
  "Cache-Control": "no-store",
};
const refuse = (status: number, errorDetails: string, headers: Record<string, string> = {}) =>
  Response.json({ errorDetails }, { status, headers: { ...cors, ...headers } });

/**
 * Accepts a client that gets no stream now, and lets it go.
 *
 * @param result ETag of what the client would be answered; null: not looked at
 */
const notNow = (told: string, result: string | null): Response =>
  new Response(comeBackLater(told, result, Math.random()), { headers: { ...cors, ...EVENT_STREAM_HEADERS } });

/** An EventSource takes any status but 200 for the end, and its page would try again each second. */
const isEventSource = (request: Request): boolean =>
  request.headers.get("Accept")?.includes("text/event-stream") === true;

const tokenRefused = () => refuse(401, "this stream token is not valid any more; a bulk evaluation gives a new one");

streams.get("/:project/:environment", async (c) => {
  // The router would run it for HEAD as well: a stream that nobody reads, in a slot that others may need.
  if (c.req.raw.method === "HEAD") return refuse(405, "a stream is read by GET", { Allow: "GET" });
  if (!streamsOffered(c.env)) return refuse(404, "event streams are not offered here; poll instead");
  const project = parseSlug(c.req.param("project"));
  const environment = parseSlug(c.req.param("environment"));
  const token = c.req.query("token") ?? "";
  const edge = isolateEdge(c.env, c.req.raw);
  const waitUntil = (work: Promise<unknown>) => c.executionCtx.waitUntil(work);
  // A name that cannot be one is answered as one that nobody has.
  if (project === null || environment === null) return tokenRefused();
  const loaded = await edge.current(project, environment, waitUntil);
  const lastEventId = c.req.header("Last-Event-ID") ?? "";
  if (loaded === "unreachable")
    return isEventSource(c.req.raw)
      ? notNow(lastEventId, null)
      : refuse(503, "try again in a moment", { "Retry-After": "2" });
  const subject = loaded === "missing" ? null : openStreamToken(loaded, token, Date.now());
  const key = loaded === "missing" || !subject ? null : loaded.keys.byId(subject.keyId);
  if (loaded === "missing" || !subject || !key || !isTrusted(loaded, subject)) return tokenRefused();
  edge.prove(project);
  const wait = waitOfOther(c.env, loaded, key, waitUntil);
  const told = lastEventId || subject.etag;
  if (wait > 0)
    return isEventSource(c.req.raw)
      ? notNow(told, null)
      : refuse(429, "this key asks too often", { "Retry-After": String(wait) });
  const cap = Number(c.env.STREAMS_PER_ISOLATE) || DEFAULT_STREAMS_PER_ISOLATE;
  const slot = slots.take(holderOf(c.req.raw, project, subject), cap);
  const context: Record<string, unknown> = { ...subject.context, edge: edgeAttributes(c.req.raw) };
  if (!slot) return notNow(told, await resultOf(c.env, loaded, context, waitUntil));

  let gone = false;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const unread = () => 1 - (controller.desiredSize ?? 1);
      const deps: NoticesDeps = {
        now: () => Date.now(),
        wait: (ms) => scheduler.wait(ms),
        random: () => Math.random(),
        look: async () => edge.current(project, environment, waitUntil),
        isWelcome: (now) => isTrusted(now, subject),
        // Long lists are looked up outside, and may have been out of reach.
        mayAlter: ({ compiled: { expires, lists, stale } }) =>
          expires || lists.length > 0 || stale.length > 0 || context[PREVIEW_ATTRIBUTE] !== undefined,
        resultOf: (now) => resultOf(c.env, now, context, waitUntil),
        write: (text) => {
          // What nobody has read is no sign of life.
          if (unread() <= 1) slot.renew();
          controller.enqueue(encoder.encode(text));
        },
        isGone: () => gone || slot.lost || unread() > UNREAD,
      };
      const telling = tellChanges(deps, told);
      void telling
        .then(() => gone || controller.close())
        // The client went away between two writes.
        .catch(() => {})
        .finally(slot.release);
    },
    // Runs when the client is gone; a `finally` after the loop would not.
    cancel() {
      gone = true;
      slot.release();
    },
  });
  return new Response(body, {
    headers: { ...cors, ...EVENT_STREAM_HEADERS },
  });
});

/** Whether the key is in force and still takes this context: signatures end, and keys begin to ask for them. */
function isTrusted(loaded: Loaded, { keyId, signing, signed }: StreamSubject): boolean {
  const key = loaded.keys.byId(keyId);
  return key !== null && stillTrusted(loaded, key, signed, signing, Date.now());
}

/** Whose stream it is: one context under one key is one subject, however often its result changes. */
const holderOf = (request: Request, project: string, { keyId, context }: StreamSubject): SlotHolder => ({
  project,
  key: keyId,
  network: networkPrefix(request.headers.get("CF-Connecting-IP") ?? "") ?? "",
  subject: sha256(JSON.stringify(context)),
});

const encoder = new TextEncoder();

async function resultOf(
  env: Env,
  loaded: Loaded,
  context: Record<string, unknown>,
  waitUntil: (work: Promise<unknown>) => void,
): Promise<string> {
  const { project, compiled } = loaded;
  const known = await isolateLists(env).memberships(project, compiled.lists, context, waitUntil, LIST_PATIENCE_MS);
  const opened = await openPreviews(loaded, context);
  const now = Date.now();
  const previews = opened.filter(({ expires }) => now < expires);
  return evaluateAllWithPreviews(compiled, prepare(compiled, context, now, known), "client", previews).etag;
}
