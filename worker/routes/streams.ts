import { Hono } from "hono";
import { type Memberships, prepare } from "../../shared/evaluate.ts";
import { evaluateAllWithPreviews } from "../../shared/preview.ts";
import type { Loaded } from "../edge/edge.ts";
import { isolateEdge } from "../edge/isolate.ts";
import { isolateLists, LIST_PATIENCE_MS } from "../edge/list-memory.ts";
import type { Env } from "../env.ts";
import { type EdgeAttributes, edgeAttributes } from "../http/edge-attributes.ts";
import { openPreviews } from "../http/preview-token.ts";
import { openStreamToken, STREAM_TOKEN_PERIOD_MS, type StreamSubject, sealStreamToken } from "../http/stream-token.ts";

/**
 * Change notices: OFREP event streams (SSE). A stream evaluates its sealed context again when flags or kills change
 * and speaks only when that context's own result differs, so it says nothing about flags that its client cannot see.
 */
export const streams = new Hono<{ Bindings: Env }>();

/** How often a stream looks at this isolate's memory (ms). */
const STEP_MS = 500;
/** A silent close is only noticed at a write, so one happens at least this often (ms). */
const HEARTBEAT_MS = 10_000;
/** Streams end after this long (ms), at random in between: an invocation has 10,000 subrequests. */
const LIFE_MS = { least: 240_000, most: 360_000 };
/** Clients of one change come back spread over this long (ms). */
const JITTER_MS = 300;
/** Streams per isolate; each costs about 95 KB of its 128 MB. */
const DEFAULT_STREAMS_PER_ISOLATE = 600;
/** A page in the background closes its stream after this long (s), as OFREP's `inactivityDelaySec`. */
const INACTIVITY_S = 120;

let open = 0;
/** Streams open in this isolate. */
export const openStreams = (): number => open;

export const streamsOffered = (env: Env): boolean => env.EVENT_STREAMS !== "off";

/** Marks ETags of answers that carry a stream, so that a client with an expired token is answered anew, not with 304. */
export const streamPeriod = (now: number): string => Math.floor(now / STREAM_TOKEN_PERIOD_MS).toString(36);

/** OFREP's `eventStreams` for a client's bulk answer, or "" when no stream fits it. */
export async function eventStreamsJson(loaded: Loaded, subject: StreamSubject, now: number): Promise<string> {
  const { project, environment } = loaded.compiled;
  if (!loaded.sealKey) return "";
  const { edge: _edge, ...context } = subject.context;
  const token = await sealStreamToken(loaded.sealKey, { ...subject, context }, now);
  if (!token) return "";
  const requestUri = `/ofrep/v1/streams/${project}/${environment}?token=${token}`;
  return `,"eventStreams":[{"type":"sse","endpoint":{"requestUri":"${requestUri}"},"inactivityDelaySec":${INACTIVITY_S}}]`;
}

const cors = { "Access-Control-Allow-Origin": "*", "Cache-Control": "no-store" };
const refuse = (status: number, errorDetails: string, headers: Record<string, string> = {}) =>
  Response.json({ errorDetails }, { status, headers: { ...cors, ...headers } });

streams.get("/:project/:environment", async (c) => {
  if (!streamsOffered(c.env)) return refuse(404, "event streams are not offered here; poll instead");
  const { project, environment } = c.req.param();
  const token = c.req.query("token") ?? "";
  const edge = isolateEdge(c.env, c.req.raw);
  const waitUntil = (work: Promise<unknown>) => c.executionCtx.waitUntil(work);
  const loaded = await edge.current(project, environment, waitUntil);
  if (loaded === "unreachable") return refuse(503, "try again in a moment", { "Retry-After": "2" });
  const subject =
    loaded === "missing" || !loaded.sealKey ? null : await openStreamToken(loaded.sealKey, token, Date.now());
  if (loaded === "missing" || !subject || !loaded.keys.has(subject.keyId)) {
    return refuse(401, "this stream token is not valid any more; a bulk evaluation gives a new one");
  }
  const cap = Number(c.env.STREAMS_PER_ISOLATE) || DEFAULT_STREAMS_PER_ISOLATE;
  if (open >= cap)
    return refuse(503, "too many streams here; try again", {
      "Retry-After": String(1 + Math.floor(Math.random() * 5)),
    });

  let cancelled = false;
  const last = c.req.header("Last-Event-ID") || subject.etag;
  const attributes = edgeAttributes(c.req.raw);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      open++;
      const look = () => edge.current(project, environment, waitUntil);
      const listed = ({ compiled }: Loaded, context: object) =>
        isolateLists(c.env).memberships(project, compiled.lists, context, waitUntil, LIST_PATIENCE_MS);
      void speak(controller, look, listed, { ...subject, etag: last }, attributes, () => cancelled).finally(() => {
        if (!cancelled) open--;
      });
    },
    // Runs when the client is gone; a `finally` after the loop would not.
    cancel() {
      cancelled = true;
      open--;
    },
  });
  return new Response(body, {
    headers: { ...cors, "Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no" },
  });
});

const encoder = new TextEncoder();

async function speak(
  controller: ReadableStreamDefaultController<Uint8Array>,
  look: () => Promise<Loaded | "missing" | "unreachable">,
  listed: (loaded: Loaded, context: object) => Memberships | Promise<Memberships>,
  subject: StreamSubject,
  edge: EdgeAttributes,
  isCancelled: () => boolean,
): Promise<void> {
  const write = (text: string) => controller.enqueue(encoder.encode(text));
  const started = Date.now();
  const life = LIFE_MS.least + Math.random() * (LIFE_MS.most - LIFE_MS.least);
  const context = { ...subject.context, edge };
  let told = subject.etag;
  let seen = "";
  let spoke = started;
  try {
    write(`retry: ${1_000 + Math.floor(Math.random() * 2_000)}\n: open\n\n`);
    while (!isCancelled() && Date.now() - started < life) {
      const loaded = await look();
      if (loaded === "missing" || (typeof loaded !== "string" && !loaded.keys.has(subject.keyId))) break;
      const quiet = Date.now() - spoke >= HEARTBEAT_MS;
      // Between changes only a rule's expiry can alter a result: the heartbeat's pace is soon enough for that.
      if (typeof loaded !== "string" && (seen !== markOf(loaded) || quiet)) {
        seen = markOf(loaded);
        const known = await listed(loaded, context);
        const now = Date.now();
        const opened = await openPreviews(loaded.sealKey, loaded.compiled.environment, context);
        const previews = opened.filter(({ expires }) => now < expires);
        const prepared = prepare(loaded.compiled, context, now, known);
        const { etag } = evaluateAllWithPreviews(loaded.compiled, prepared, "client", previews);
        if (etag !== told) {
          await scheduler.wait(Math.random() * JITTER_MS);
          if (isCancelled()) return;
          told = etag;
          spoke = Date.now();
          write(`id: ${etag}\ndata: {"type":"refetchEvaluation","etag":"${etag}"}\n\n`);
        }
      }
      if (quiet && Date.now() - spoke >= HEARTBEAT_MS) {
        spoke = Date.now();
        write(": still here\n\n");
      }
      await scheduler.wait(STEP_MS);
    }
    if (!isCancelled()) controller.close();
  } catch {
    // The client went away between two writes.
  }
}

const markOf = (loaded: Loaded): string => `${loaded.hash} ${loaded.killsChanged}`;
