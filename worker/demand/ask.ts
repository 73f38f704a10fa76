import { Hono } from "hono";
import { z } from "zod";
import { LIMITS } from "../../shared/limits.ts";
import type { ProductView } from "../../shared/schema/desk.ts";
import { parseSlug } from "../../shared/schema/names.ts";
import { json } from "../../shared/schema/primitives.ts";
import { keyedHash } from "../crypto/keyed-hash.ts";
import { sameSecret } from "../crypto/tokens.ts";
import type { Env } from "../env.ts";
import { isolateEdge } from "../evaluation/edge/isolate.ts";
import type { Loaded } from "../evaluation/edge/loaded.ts";
import { type Slot, StreamSlots } from "../evaluation/edge/stream-slots.ts";
import { basePath } from "../http/base-path.ts";
import { EVENT_STREAM_HEADERS } from "../http/event-stream.ts";
import { networkPrefix } from "../http/network-prefix.ts";
import { log } from "../log.ts";
import { DurableUnavailable } from "../objects/kernel/durable-stub.ts";
import { desk } from "../objects/stubs.ts";
import { DeskLooks } from "./desk-looks.ts";
import {
  admitVisitor,
  isPreviewed,
  networkOf,
  noSuchFlag,
  preflight,
  readByGet,
  refuse,
  servedTo,
  VISITOR_HEADERS,
  visitorFields,
} from "./visitor.ts";

/**
 * Wizard of Oz as products use it: ask, then read the answer by long poll or stream. A request's id is 122 random bits
 * made by the product; it makes asking again harmless, and a caller that knows it may read the answer. The address to read it
 * at ends in a keyed hash.
 */
export const ask = new Hono<{ Bindings: Env }>();

export const question = z.object({
  ...visitorFields,
  id: z.uuid({ error: "send a random UUID, and the same one when you ask again" }),
  input: json.refine((value) => JSON.stringify(value).length <= LIMITS.deskInputChars, {
    error: `at most ${LIMITS.deskInputChars} characters of JSON`,
  }),
});
const DEFAULT_WAIT_S = 20;
const LONGEST_WAIT_S = 25;
/** A stream writes at least this often (ms): only a write notices that the reader is gone. */
const HEARTBEAT_MS = 10_000;
/** Streams end after this long (ms); EventSource reconnects by itself. */
const STREAM_LIFE_MS = 4 * 60_000;
/** Products that one isolate lets wait at a time; each is a request to the desk that stays open. */
const WAITING_PER_ISOLATE = 300;
const waiting = new StreamSlots(Date.now);
/** After a failed look at the desk, the next one (ms). */
const RETRY_MS = 1_000;

const looks = new DeskLooks();

/**
 * What a poll address ends in: only this project's edges can make it, so an edge refuses made-up ids by itself, and the
 * desk is not asked.
 */
const pollMark = (sealKey: string, environment: string, id: string): string =>
  keyedHash(sealKey, "desk/poll", `${environment}/${id}`).slice(0, 32);
const isPollMark = ({ sealKey }: Loaded, environment: string, id: string, mark: string): boolean =>
  sealKey !== undefined && sameSecret(pollMark(sealKey, environment, id), mark);

const now = (): string => new Date().toISOString();

ask.options("/*", preflight);

ask.post("/:flag", async (c) => {
  const { flag } = c.req.param();
  const call = {
    request: c.req.raw,
    env: c.env,
    waitUntil: (work: Promise<unknown>) => c.executionCtx.waitUntil(work),
  };
  const visit = await admitVisitor(call, question);
  if (visit instanceof Response) return visit;
  const { loaded, body } = visit;
  const test = loaded.tests.get(flag);
  if (test?.kind === "wizard-of-oz" && (await isPreviewed(visit, flag, body.context))) {
    // A look alone takes nobody's time.
    const view: ProductView = { id: body.id, status: "fallback", answer: test.fallback, deadline: now() };
    return Response.json({ ...view, preview: true }, { headers: VISITOR_HEADERS });
  }
  const outcome = await servedTo(visit, flag, body.context);
  if (!outcome || test?.kind !== "wizard-of-oz" || !test.running || !loaded.sealKey) return noSuchFlag(flag);
  const { project, environment } = loaded;
  const { deadlineSeconds, fallback } = test;
  const person = JSON.stringify(body.context.targetingKey ?? null);
  const unit = keyedHash(loaded.sealKey, "desk/unit", person).slice(0, 32);
  const from = {
    key: visit.key.id,
    network: networkOf(visit, "desk/network", Date.now()) ?? "",
    ofServer: visit.key.kind === "server",
  };
  const asked = { id: body.id, flag, unit, input: body.input, deadlineSeconds, fallback, from };
  const asking = () => desk(c.env, project, environment).ask(asked);
  let view: ProductView;
  try {
    // The same id again: a reply that was lost is given again, nothing is asked twice.
    view = await asking().catch(asking);
  } catch (error) {
    if (!(error instanceof DurableUnavailable)) throw error;
    log({ event: "desk-unavailable", flag, error: error.message });
    view = { id: body.id, status: "fallback", answer: fallback, deadline: now() };
  }
  const mark = pollMark(loaded.sealKey, environment, body.id);
  const poll = `${basePath(c.env)}/v1/ask/${project}/${environment}/${body.id}.${mark}`;
  return Response.json({ ...view, poll }, { status: 202, headers: VISITOR_HEADERS });
});

ask.get("/:project/:environment/:id", async (c) => {
  if (c.req.raw.method === "HEAD") return readByGet();
  const [id = "", mark] = c.req.param("id").split(".", 2);
  const project = parseSlug(c.req.param("project"));
  const environment = parseSlug(c.req.param("environment"));
  const unknown = () => refuse(404, "there is no such request");
  if (project === null || environment === null || !z.uuid().safeParse(id).success) return unknown();
  const known = await isolateEdge(c.env, c.req.raw).current(project, environment, (work) =>
    c.executionCtx.waitUntil(work),
  );
  if (known === "missing") return unknown();
  // Nobody has proven the names, and an object is started for whatever is asked for next.
  if (known === "unreachable") return refuse(503, "the desk does not answer; ask again", { "Retry-After": "1" });
  const network = networkPrefix(c.req.header("CF-Connecting-IP") ?? "") ?? "";
  const isOurs = mark !== undefined && isPollMark(known, environment, id, mark);
  const pause = looks.wait(isOurs ? `${project}/${environment}/${id}` : null, network, Date.now());
  if (pause > 0) return refuse(503, "asked too often; ask again", { "Retry-After": String(pause) });
  const seconds = Number(c.req.query("wait") ?? DEFAULT_WAIT_S);
  const wait = Number.isFinite(seconds) ? Math.min(LONGEST_WAIT_S, Math.max(0, seconds)) * 1_000 : 0;
  const look = (ms: number) => desk(c.env, project, environment).wait(id, ms);
  const slot = waiting.take({ project, key: environment, network, subject: id }, WAITING_PER_ISOLATE);
  if (!slot) return refuse(503, "too many wait for answers here; ask again", { "Retry-After": "2" });
  if (c.req.header("Accept")?.includes("text/event-stream")) {
    const first = await look(0).catch(() => undefined);
    if (first !== null) return stream(look, slot);
    slot.release();
    return unknown();
  }
  try {
    const view = await look(wait);
    return view ? Response.json(view, { headers: VISITOR_HEADERS }) : unknown();
  } catch (error) {
    if (!(error instanceof DurableUnavailable)) throw error;
    return refuse(503, "the desk does not answer; ask again", { "Retry-After": "1" });
  } finally {
    slot.release();
  }
});

const encoder = new TextEncoder();

/** The answer as one server-sent event, whenever it comes. */
function stream(look: (ms: number) => Promise<ProductView | null>, slot: Slot): Response {
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const write = (text: string) => {
        if ((controller.desiredSize ?? 0) >= 0) slot.renew();
        controller.enqueue(encoder.encode(text));
      };
      const speak = async () => {
        const until = Date.now() + STREAM_LIFE_MS;
        write("retry: 1000\n: open\n\n");
        while (!cancelled && !slot.lost && Date.now() < until) {
          const view = await look(HEARTBEAT_MS).catch(() => undefined);
          if (cancelled || view === null) break;
          if (view === undefined) await scheduler.wait(RETRY_MS);
          else if (view.status === "waiting") write(": still here\n\n");
          else {
            write(`event: answer\ndata: ${JSON.stringify(view)}\n\n`);
            break;
          }
        }
        if (!cancelled) controller.close();
      };
      // What fails here is a reader who went away between two writes.
      void speak()
        .catch(() => {})
        .finally(slot.release);
    },
    cancel() {
      cancelled = true;
      slot.release();
    },
  });
  return new Response(body, {
    headers: { ...VISITOR_HEADERS, ...EVENT_STREAM_HEADERS },
  });
}
