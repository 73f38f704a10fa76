import { Hono } from "hono";
import { recognise } from "../../shared/delivery/alert-signal.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { CallOutcome, Signal } from "../../shared/schema/trigger.ts";
import { sha256 } from "../crypto/sha256.ts";
import { bearerOf, parseTriggerToken } from "../crypto/tokens.ts";
import { KeylessBodies } from "../demand/keyless-bodies.ts";
import type { Env } from "../env.ts";
import { isolateEdge } from "../evaluation/edge/isolate.ts";
import { hasProtoName, jsonDepth } from "../http/body.ts";
import { networkPrefix } from "../http/network-prefix.ts";
import { ProblemError } from "../http/problem.ts";
import { log } from "../log.ts";
import { DurableUnavailable } from "../objects/kernel/durable-stub.ts";
import { flagStore } from "../objects/stubs.ts";
import { TriggerGate } from "./trigger-gate.ts";

/**
 * Where monitoring pulls the stop button: `POST /v1/triggers/{token}`, or `POST /v1/triggers` with the token as
 * bearer, which keeps it out of access logs. Needs neither the administration's tokens nor the directory, only the
 * project's store; answers 503 while that is out of reach, which makes every tool that retries try again.
 */
export const triggerCalls = new Hono<{ Bindings: Env }>()
  .post("/", (c) => called(c.req.raw, c.env, bearerOf(c.req.raw.headers)))
  .post("/:token", (c) => called(c.req.raw, c.env, c.req.param("token")))
  .all("*", () => {
    throw new ProblemError(405, "method-not-allowed", "A trigger is called by POST", {}, { Allow: "POST" });
  });

const UNKNOWN = () =>
  new ProblemError(404, "trigger-not-found", "There is no such trigger", {
    detail: "Its URL was mistyped, or it has been taken back.",
  });

/** The store cannot be asked now; every tool that retries tries again. */
const BUSY = (seconds = 1) =>
  new ProblemError(503, "store-unavailable", "The store did not answer", {}, { "Retry-After": String(seconds) });

const TOO_OFTEN = (seconds: number) =>
  new ProblemError(
    429,
    "rate-limited",
    "This trigger is called too often",
    { detail: "Nothing was done. Its earlier calls were heard." },
    { "Retry-After": String(seconds) },
  );

const gate = new TriggerGate();
/** A call that announces no more than this (bytes) is an ordinary one: an alert, or some tens of a group. */
const ORDINARY_BYTES = 64 * 1024;
/** Bytes of calls that one isolate reads at a time. Ordinary ones have room of their own, for large ones hold much of it. */
const ordinary = new KeylessBodies(() => Date.now(), 4 * 1024 * 1024);
const large = new KeylessBodies(() => Date.now(), 8 * 1024 * 1024);

async function called(request: Request, env: Env, token: string | null): Promise<Response> {
  const named = token === null ? null : parseTriggerToken(token, env);
  if (token === null || !named) throw UNKNOWN();
  const { project, environment, id } = named;
  const hash = sha256(token);
  if (gate.isRefused(hash, Date.now())) throw UNKNOWN();
  const edge = isolateEdge(env, request);
  const isKnown = gate.isKnown(hash);
  const vouched = named.vouched || isKnown;
  if (!vouched && !(await edge.mayAsk(project))) throw BUSY();
  const network = networkPrefix(request.headers.get("CF-Connecting-IP") ?? "") ?? "none";
  const tooOften = (firing?: boolean) => {
    const wait = vouched ? gate.waitOfToken(hash, Date.now(), firing) : 0;
    if (wait > 0) throw TOO_OFTEN(wait);
  };
  const enterLane = () => {
    const wait = gate.wait(vouched, network, Date.now());
    if (wait > 0) throw BUSY(wait);
  };
  const store = flagStore(env, project);
  const refuse = () => {
    gate.refused(hash, Date.now());
    return UNKNOWN();
  };
  // An ordinary call is always read: only then can a token's chatter be told from the one call that matters.
  if (!isOrdinary(request)) tooOften();
  if (!isKnown) {
    enterLane();
    // Up to a megabyte is not read for a token that somebody made up.
    const known = await store.knowsTrigger(environment, id, hash).catch((error: unknown) => {
      // A store that has no time for this question may have it for the call; a checksum is reason enough to try.
      if (named.vouched && error instanceof DurableUnavailable) return null;
      throw error instanceof DurableUnavailable ? BUSY() : error;
    });
    if (known === false) throw refuse();
  }
  const heard = await signalOf(request);
  tooOften(heard.kind === "firing");
  if (isKnown) enterLane();
  const answered = await store.callTrigger(environment, id, hash, heard);
  if (!answered) throw refuse();
  gate.known(hash);
  const { outcome, flag, revision } = answered;
  if (outcome !== "rate-limited") log({ event: "trigger", project, environment, flag, trigger: id, outcome });
  // The caller sees it in this isolate's next evaluation.
  if (revision !== null) edge.require(project, revision);
  const [status, words] = ANSWERS[outcome];
  const detail = heard.kind === "unrecognised" && outcome === "unrecognised" ? heard.reason : words;
  return Response.json(
    { outcome, project, environment, flag, detail },
    {
      status,
      headers: { "Cache-Control": "no-store", ...(outcome === "rate-limited" ? { "Retry-After": "60" } : {}) },
    },
  );
}

/** 2xx for everything that a tool has to do no more about; a retry of the same call would end alike. */
const ANSWERS: Record<CallOutcome, readonly [status: number, words: string]> = {
  killed: [200, "the flag is killed"],
  "already-killed": [200, "the flag was killed already"],
  repeated: [200, "this outbreak has pulled the trigger before; only a new one kills again"],
  "not-firing": [200, "nothing is firing, so nothing was done"],
  test: [200, "a test: the trigger works, nothing was killed"],
  stale: [200, "sent too long ago to act upon"],
  unrecognised: [422, "the payload is of no format that we know"],
  refused: [409, "the flag cannot be killed; it may have been archived"],
  "rate-limited": [429, "too many calls this minute"],
};

/** The content type does not matter: some tools send JSON as text. What cannot be read is logged as such. */
function isOrdinary({ headers, body }: Request): boolean {
  const announced = headers.get("Content-Length");
  return body === null || (announced !== null && Number(announced) <= ORDINARY_BYTES);
}

async function signalOf(request: Request): Promise<Signal> {
  const text = await (isOrdinary(request) ? ordinary : large).read(request, LIMITS.triggerBodyBytes);
  if (text === null)
    return { kind: "unrecognised", reason: `the body is larger than ${LIMITS.triggerBodyBytes} bytes` };
  if (text.trim() === "") return recognise(undefined);
  if (jsonDepth(text) > LIMITS.jsonDepth) return { kind: "unrecognised", reason: "the body nests too deep" };
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { kind: "unrecognised", reason: "the body is not JSON" };
  }
  if (hasProtoName(body)) return { kind: "unrecognised", reason: 'a field is called "__proto__"' };
  return recognise(body);
}
