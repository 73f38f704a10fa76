import type { KeyKind, SnapshotKey } from "../../shared/schema/snapshot.ts";
import { EVENT_LIMITS, type EventAnswer, type ExclusionMark, eventBatch } from "../../shared/schema/telemetry.ts";
import { bearerOf } from "../crypto/tokens.ts";
import { countDoors } from "../demand/door-events.ts";
import type { Env } from "../env.ts";
import { parseKey } from "../evaluation/edge/bearer-keys.ts";
import { isolateEdge } from "../evaluation/edge/isolate.ts";
import { waitOfOther } from "../evaluation/edge/key-limits.ts";
import type { Loaded } from "../evaluation/edge/loaded.ts";
import { openSignature } from "../evaluation/signed-context.ts";
import { readBody } from "../http/body.ts";
import { edgeAttributes } from "../http/edge-attributes.ts";
import { allowedHeaders } from "../http/preflight.ts";
import { ProblemError, problemResponse } from "../http/problem.ts";
import { HSTS } from "../http/security-headers.ts";
import { log } from "../log.ts";
import { fieldIssues } from "../objects/flag-store/decide/parse.ts";
import { telemetryShard } from "../objects/stubs.ts";
import type { KeepLevels, ShardBatch, ShardReply } from "../objects/telemetry-shard/shard-batch.ts";
import { ALL_TELEMETRY_SHARDS, TELEMETRY_SHARDS } from "../objects/telemetry-shard/unit-hash.ts";
import { isFree } from "../plan.ts";
import { within } from "../within.ts";
import { BODY_LEASE_MS, BytesInFlight, FIRST_LEASE_BYTES, type Lease } from "./bytes-in-flight.ts";
import { deliver, SHARD_TIMEOUT_MS, SHED_TOLD_MS, ShardLevels, UntoldShed } from "./deliver.ts";
import { type Intake, SHED_MS, SORT_MS, sortInTurns } from "./intake.ts";
import { TurnLane } from "./turn-lane.ts";

export const EVENTS_PATH = "/v1/events";

const CORS = {
  "X-Content-Type-Options": "nosniff",
  "Strict-Transport-Security": HSTS,
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers": "Retry-After",
  "Cache-Control": "no-store",
};
const READ_HEADERS = "Content-Type, Authorization, X-API-Key";
const PREFLIGHT = {
  ...CORS,
  "Access-Control-Allow-Methods": "POST, OPTIONS",
  "Access-Control-Max-Age": "86400",
};
/** A beacon's body is text/plain unless it takes the trouble of a preflight. */
const BODY_TYPE = /^(?:application\/json|text\/plain)\s*(?:;|$)/i;
/**
 * Bytes of batches that one isolate holds at a time: parsed, a batch is about ten times as large. A sender that has not shown a
 * server key shares half of it, and half of the lane: a flood, or bodies that never end, cannot keep servers out.
 */
const MAX_BYTES_IN_FLIGHT = 2 * 1024 * 1024;
/** What a batch takes of the thread (ms) to be read and parsed … */
const READ_MS = 0.3;
const PARSE_MS_PER_BYTE = 1e-5;
/** … and each shard's part to be sent and its answer to be taken in, beside so much for each event … */
const SEND_MS = 0.2;
const SEND_MS_PER_EVENT = 0.004;
/** … of about so many bytes. */
const EVENT_BYTES = 160;
const RETRY_AFTER_S = "2";

const levels = new ShardLevels();
const untold = new UntoldShed();
/** Of the latest batch's events, the share that was not left out. */
let kept = 1;
const lane = new TurnLane({ now: () => Date.now(), wait: (ms) => scheduler.wait(ms) });
const inFlight = { servers: new BytesInFlight(Date.now), others: new BytesInFlight(Date.now) };
type Sender = keyof typeof inFlight;

/**
 * `POST /v1/events`. Reads what this isolate knows already (keys, series, kills), so it asks nobody before it may write,
 * and evaluation never waits for it: what it does, it does in turns. What finds the lane full is sent away unread.
 */
export async function events(request: Request, env: Env, execution: ExecutionContext): Promise<Response> {
  if (request.method === "OPTIONS") {
    const headers = { ...PREFLIGHT, ...allowedHeaders(request, READ_HEADERS) };
    return new Response(null, { status: 204, headers });
  }
  if (isFree(env)) return refusal(eventsOff());
  const arrivedAt = Date.now();
  const bytes = Math.min(FIRST_LEASE_BYTES, announcedBytes(request));
  const token = bearerOf(request.headers);
  const claimed: Sender = token !== null && parseKey(token, env)?.kind === "server" ? "servers" : "others";
  // No body is dropped for a key that only looks like a server's, until it is judged.
  if (claimed === "servers" ? !isLaneOpen(claimed) : !hasRoom(claimed, bytes))
    return new Response(BUSY, { status: 503, headers: BUSY_HEADERS });
  const waitUntil = (work: Promise<unknown>) => execution.waitUntil(work);
  let lease: Lease | null = null;
  try {
    // Nothing is held, and no body read, for a key that is unknown or asks too often; a beacon's stands in its body.
    const known = token === null ? null : await admit(token, request, env, waitUntil);
    // Others may have taken the room while this one was recognised.
    const sender: Sender = known?.key.kind === "server" ? "servers" : "others";
    if (known && !hasRoom(sender, bytes)) return new Response(BUSY, { status: 503, headers: BUSY_HEADERS });
    lease = inFlight[sender].take(bytes);
    const answer = await take(request, env, waitUntil, known, { sender, lease, arrivedAt });
    const again = answer.rejected.some(({ code }) => code === "unavailable");
    return Response.json(answer, { status: again ? 503 : 202, headers: again ? { ...CORS, ...RETRY } : CORS });
  } catch (error) {
    if (error instanceof ProblemError) return refusal(error);
    log({ event: "unexpected-error", path: EVENTS_PATH, error: String(error) });
    return refusal(new ProblemError(500, "internal", "Something went wrong on our side"));
  } finally {
    lease?.giveBack();
  }
}

/** Room for one batch, of whose half of it, and since when (epoch ms). */
interface Place {
  readonly arrivedAt: number;
  readonly sender: Sender;
  readonly lease: Lease;
}

const isLaneOpen = (sender: Sender): boolean => (sender === "servers" ? lane.open : lane.halfOpen);
const hasRoom = (sender: Sender, bytes: number): boolean => isLaneOpen(sender) && hasBytes(sender, bytes);

/** Bodies that come slowly give way to this one, those of servers only to a server's. */
function hasBytes(sender: Sender, bytes: number): boolean {
  for (;;) {
    const others = inFlight.others.held;
    const fits = inFlight.servers.held + others + bytes <= MAX_BYTES_IN_FLIGHT;
    if (fits && (sender === "servers" || others + bytes <= MAX_BYTES_IN_FLIGHT / 2)) return true;
    if (inFlight.others.dropSlowest()) continue;
    if (sender !== "servers" || !inFlight.servers.dropSlowest()) return false;
  }
}

/** What a body may come to, as far as it is known. */
function announcedBytes(request: Request): number {
  const announced = Number(request.headers.get("Content-Length") ?? Number.NaN);
  return announced >= 0 && announced <= EVENT_LIMITS.bodyBytes ? announced : EVENT_LIMITS.bodyBytes;
}

/** What a batch will take of the thread (ms), by its bytes. */
function estimate(bytes: number): number {
  const events = Math.min(bytes / EVENT_BYTES, EVENT_LIMITS.perBatch);
  const parts = Math.min(events, TELEMETRY_SHARDS);
  const perEvent = kept * (SORT_MS + SEND_MS_PER_EVENT) + (1 - kept) * SHED_MS;
  return READ_MS + bytes * PARSE_MS_PER_BYTE + events * perEvent + parts * SEND_MS;
}

const RETRY = { "Retry-After": RETRY_AFTER_S };

function refusal(error: ProblemError): Response {
  const response = problemResponse(error);
  for (const [name, value] of Object.entries(CORS)) response.headers.set(name, value);
  return response;
}

/** No sender tries a 403 again. */
const eventsOff = () =>
  new ProblemError(403, "events-off", "This installation takes no events", {
    detail: "It is set up for Workers Free (PLAN), whose rows a day are kept for kills.",
  });

const busy = () =>
  new ProblemError(
    503,
    "busy",
    "Too many batches at once",
    { detail: "Nothing of this batch was stored: send it again." },
    RETRY,
  );
/** The same, made once: a flood is answered for next to nothing. */
const BUSY = JSON.stringify(busy().problem);
const BUSY_HEADERS = new Headers({ "Content-Type": "application/problem+json", ...CORS, ...RETRY });

/** @param known whose batch it is, where that was found out before */
async function take(
  request: Request,
  env: Env,
  waitUntil: (work: Promise<unknown>) => void,
  known: Admitted | null,
  place: Place,
): Promise<EventAnswer> {
  const text = await readText(request, place);
  // A key that stands in the body is read off its text: nothing is parsed for one that is unknown or asks too often.
  const shown = known ? null : keyIn(text);
  const early = known ?? (shown === null ? null : await admit(shown, request, env, waitUntil));
  const batch = await parseBatch(text, place);
  const isOfKey = early !== null && (known !== null || batch.key === shown);
  const { key, loaded } = isOfKey ? early : await admit(batch.key ?? null, request, env, waitUntil);
  const { observed, compiled, revision, project, environment } = loaded;
  if (!observed.hasher) throw busy();
  const receivedAt = Date.now();
  const nameOf = (shard: number) => `${project}/${environment}/${shard}`;
  const keep = Array.from({ length: ALL_TELEMETRY_SHARDS }, (_, shard) => levels.of(nameOf(shard), receivedAt));
  const intake: Intake = {
    events: batch.events,
    signed: signedUnit(loaded, key, batch.signedContext, receivedAt),
    sentAt: batch.sentAt,
    arrivedAt: place.arrivedAt,
    receivedAt,
    source: key.kind,
    observed,
    hasher: observed.hasher,
    compiled,
    revision,
    visitor: visitorOf(request, loaded, key.kind),
    keep: (shard) => keep[shard] as KeepLevels,
  };
  const sorted = await sortInTurns(intake, (ms) => lane.turn(ms));
  kept = 1 - sorted.rejected.length / Math.max(1, batch.events.length);
  const ingest = async (shard: number, part: ShardBatch): Promise<ShardReply> => {
    await lane.turn(SEND_MS + part.events.length * SEND_MS_PER_EVENT);
    return within(
      SHARD_TIMEOUT_MS,
      telemetryShard(env, project, environment, shard).ingest({ ...part, place: { project, environment } }),
    );
  };
  if (key.kind === "server") {
    const doors = countDoors(env, loaded, intake);
    waitUntil(doors.catch((error) => log({ event: "door-events-lost", project, error: String(error) })));
  }
  const heard = (shard: number, keep: KeepLevels) => levels.heard(nameOf(shard), keep, Date.now());
  const tellLater = async (shard: number, part: ShardBatch) => {
    await scheduler.wait(SHED_TOLD_MS);
    const shed = untold.end(nameOf(shard));
    if (shed > 0) await deliver({ rejected: [], parts: new Map([[shard, { ...part, shed }]]) }, 0, ingest, heard);
  };
  const parts = new Map<number, ShardBatch>();
  for (const [shard, part] of sorted.parts) {
    const name = nameOf(shard);
    if (part.events.length > 0) parts.set(shard, { ...part, shed: part.shed + untold.take(name) });
    else if (untold.add(name, part.shed, Date.now())) waitUntil(tellLater(shard, part));
  }
  return deliver({ ...sorted, parts }, batch.events.length, ingest, heard);
}

/** What vouches for the batch's units; null: nothing has to. */
function signedUnit(loaded: Loaded, key: SnapshotKey, sent: string | undefined, now: number): Intake["signed"] {
  if (sent === undefined && key.signing === undefined) return null;
  const signature = sent === undefined ? null : openSignature(loaded, sent, now);
  if (signature !== null && "refused" in signature)
    throw new ProblemError(400, "signature-refused", "The signed context is not believed", {
      errors: [{ field: "signedContext", message: signature.refused }],
    });
  if (signature === null && key.signing?.require === "context")
    throw new ProblemError(400, "signature-missing", "This key takes signed contexts only", {
      errors: [{ field: "signedContext", message: "send the context that your server has signed" }],
    });
  return { attributes: signature?.attributes ?? {}, signing: key.signing };
}

async function readText(request: Request, { sender, lease }: Place): Promise<string> {
  const type = request.headers.get("Content-Type") ?? "";
  if (!BODY_TYPE.test(type)) {
    const detail = "Beacons may use text/plain; the body is JSON in either case.";
    throw new ProblemError(415, "content-type", "Send Content-Type: application/json", { detail });
  }
  const came = (bytes: number) => {
    // Others came in whole while this one dripped.
    if (lease.lost || (bytes > lease.bytes && !hasBytes(sender, bytes - lease.bytes))) throw busy();
    lease.grow(bytes);
  };
  const text = await readBody(request, EVENT_LIMITS.bodyBytes, { longestMs: BODY_LEASE_MS, came });
  if (text === null)
    throw new ProblemError(413, "body-too-large", `The body is larger than ${EVENT_LIMITS.bodyBytes} bytes`);
  lease.whole();
  return text;
}

/** The key of a beacon that its text shows beyond doubt: there is one field of this name. */
function keyIn(text: string): string | null {
  const [first, second] = text.matchAll(/"key"\s*:\s*"([^"\\]*)"/g);
  return first && !second ? (first[1] ?? null) : null;
}

async function parseBatch(text: string, { sender }: Place) {
  // Only what is here queues up: a body that never ends would keep its time in the lane from others.
  if (!isLaneOpen(sender)) throw busy();
  await lane.enter(estimate(text.length));
  await lane.turn(READ_MS + text.length * PARSE_MS_PER_BYTE);
  // No look at its depth: V8 parses without recursion, and no schema here descends further than a unit's attributes.
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    const detail = error instanceof Error ? error.message : "";
    throw new ProblemError(400, "json-invalid", "The body is not valid JSON", { detail });
  }
  const sent = (body as { events?: unknown } | null)?.events;
  if (Array.isArray(sent) && sent.length > EVENT_LIMITS.perBatch) {
    const detail = `Here are ${sent.length}. Send several batches.`;
    throw new ProblemError(413, "too-many-events", `At most ${EVENT_LIMITS.perBatch} events a batch`, { detail });
  }
  const parsed = eventBatch.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new ProblemError(400, "invalid", "Some fields are not valid", {
    errors: fieldIssues(parsed.error).slice(0, 50),
  });
}

interface Admitted {
  key: SnapshotKey;
  loaded: Loaded;
}

async function admit(
  token: string | null,
  request: Request,
  env: Env,
  waitUntil: (work: Promise<unknown>) => void,
): Promise<Admitted> {
  const named = token === null ? null : parseKey(token, env);
  if (token === null || !named) throw unauthenticated();
  const loaded = await isolateEdge(env, request).current(named.project, named.environment, waitUntil, named);
  if (loaded === "missing") throw unauthenticated();
  if (loaded === "unreachable") throw busy();
  const key = loaded.keys.find(token);
  if (!key) throw unauthenticated();
  const wait = waitOfOther(env, loaded, key, waitUntil);
  if (wait > 0) throw tooMany(wait);
  const origin = request.headers.get("Origin");
  if (key.kind === "client" && key.origins.length > 0 && origin !== null && !key.origins.includes(origin))
    throw new ProblemError(403, "origin-not-allowed", "This key may not be used from this origin");
  return { key, loaded };
}

const tooMany = (seconds: number) =>
  new ProblemError(
    429,
    "rate-limited",
    "This key asks too often",
    { detail: "Nothing of this batch was stored: send it again after Retry-After. The limit counts batches." },
    { "Retry-After": String(seconds) },
  );

const unauthenticated = () =>
  new ProblemError(
    401,
    "unauthenticated",
    "Send an environment key that is in force",
    { detail: 'Authorization: Bearer KEY or X-API-Key: KEY; beacons put it into the body as "key".' },
    { "WWW-Authenticate": 'Bearer realm="blastdoor"' },
  );

/**
 * What the request itself shows. A browser speaks for its visitor, whose address is not looked at; a server speaks for
 * others. Signed synthetic traffic is told apart from either.
 */
function visitorOf(request: Request, loaded: Loaded, kind: KeyKind): Intake["visitor"] {
  const { bot, country, device, synthetic } = edgeAttributes(request, loaded);
  const marks: ExclusionMark[] = synthetic ? ["synthetic"] : [];
  if (kind === "server") return { marks };
  const purpose = `${request.headers.get("Sec-Purpose") ?? ""} ${request.headers.get("Purpose") ?? ""}`;
  if (bot) marks.push("bot");
  if (/prefetch|prerender|preview/i.test(purpose)) marks.push("preview");
  return { marks, country, device };
}
