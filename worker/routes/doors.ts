import { Hono } from "hono";
import { z } from "zod";
import { parseKeyName } from "../../shared/schema/names.ts";
import { LEAST_VIEW_MS } from "../durable/door-doubts.ts";
import { DurableUnavailable } from "../durable/durable-stub.ts";
import { testLedger } from "../durable/stubs.ts";
import type { Env } from "../env.ts";
import { edgeAttributes } from "../http/edge-attributes.ts";
import { makeNonce, openNonce } from "../http/exposure-nonce.ts";
import { keyedHash } from "../http/keyed-hash.ts";
import { networkPrefix } from "../http/network-prefix.ts";
import { log } from "../log.ts";
import {
  admitVisitor,
  isPreviewed,
  noSuchFlag,
  preflight,
  refuse,
  servedTo,
  VISITOR_HEADERS,
  visitorFields,
} from "./visitor.ts";

/**
 * Fake doors as pages use them: `open` says whether this visitor is shown the door, and gives the nonce that makes
 * `seen` and `click` count. No cache answers any of them.
 */
export const doors = new Hono<{ Bindings: Env }>();

const identity = z.string().min(1).max(256);
const openBody = z.object({ ...visitorFields, user: identity.optional() });
const eventBody = z.object({ ...visitorFields, user: identity.optional(), nonce: z.string().max(300) });
/** A page reports itself at most this often (ms) from one isolate: enough to say "we have seen it". */
const SIGHTING_MS = 10_000;
const sightings = new Map<string, number>();

const ACTIONS = ["open", "seen", "click"] as const;
type Action = (typeof ACTIONS)[number];
const isAction = (text: string): text is Action => (ACTIONS as readonly string[]).includes(text);

doors.options("/*", preflight);

doors.post("/:flag/:action", async (c) => {
  const { flag: named, action } = c.req.param();
  if (!isAction(action)) return refuse(404, `a door knows ${ACTIONS.join(", ")}`);
  const call = {
    request: c.req.raw,
    env: c.env,
    waitUntil: (work: Promise<unknown>) => c.executionCtx.waitUntil(work),
  };
  const visit = await admitVisitor(call, action === "open" ? openBody : eventBody);
  if (visit instanceof Response) return visit;
  const { loaded, body } = visit;
  const flag = parseKeyName(named);
  if (flag === null) return noSuchFlag(named);
  const { targetingKey } = body.context;
  const test = loaded.tests.get(flag);
  if (test?.kind === "fake-door" && (await isPreviewed(visit, flag, body.context)))
    return Response.json({ nonce: "", state: "preview", ...test.settings.wording }, { headers: VISITOR_HEADERS });
  const person = identity.safeParse(targetingKey);
  const outcome = await servedTo(visit, flag, body.context);
  const { sealKey } = loaded;
  if (!outcome || !person.success || test?.kind !== "fake-door" || !test.running || !sealKey) return noSuchFlag(flag);
  const { project, environment } = loaded;
  const hashed = (use: string, text: string) => keyedHash(sealKey, use, text).slice(0, 32);
  const unit = hashed("door/unit", person.data);
  const user = body.user === undefined ? undefined : hashed("door/user", body.user);
  const ledger = testLedger(c.env, project, environment, flag);
  const now = Date.now();
  try {
    if (action === "open") {
      const state = await ledger.door(test.run, unit, user);
      const nonce = makeNonce(sealKey, { flag, run: test.run, unit }, outcome.variant ?? "", now);
      return Response.json({ nonce, state, ...test.settings.wording }, { headers: VISITOR_HEADERS });
    }
    const { nonce: sent } = body as z.infer<typeof eventBody>;
    const nonce = openNonce(sealKey, { flag, run: test.run, unit }, sent, now);
    if (!nonce) return refuse(409, "this nonce is not this visitor's, or too old: open the door again");
    const attributes = edgeAttributes(c.req.raw, loaded);
    // A server speaks for people of its own: their networks and browsers are not those of its request.
    const ofServer = visit.key.kind === "server";
    const prefix = ofServer ? `server ${person.data}` : (networkPrefix(attributes.ip ?? "") ?? "none");
    // Under a key of the day: nobody can follow a network from one day to the next.
    const day = new Date(now).toISOString().slice(0, 10);
    const state = await ledger.record({
      project,
      environment,
      flag,
      run: test.run,
      settings: test.settings,
      action: action === "click" ? "click" : "seen",
      unit,
      ...(user ? { user } : {}),
      ageMs: ofServer ? LEAST_VIEW_MS : now - nonce.madeAt,
      network: hashed(`door/network/${day}`, prefix),
      country: (!ofServer && attributes.country) || "unknown",
      device: (!ofServer && attributes.device) || "unknown",
      bot: attributes.synthetic === true || (!ofServer && attributes.bot === true),
      at: now,
    });
    return Response.json({ state }, { headers: VISITOR_HEADERS });
  } catch (error) {
    if (!(error instanceof DurableUnavailable)) throw error;
    return refuse(503, "the door cannot count now", { "Retry-After": "2" });
  }
});

/** Pages that carry a test's markup say so once a session. */
export const pages = new Hono<{ Bindings: Env }>();
const pagesBody = z.object({ key: visitorFields.key, flags: z.array(z.string().max(100)).max(50) });

pages.options("/", preflight);

/** Answers alike whatever the flags are. */
pages.post("/", async (c) => {
  const call = {
    request: c.req.raw,
    env: c.env,
    waitUntil: (work: Promise<unknown>) => c.executionCtx.waitUntil(work),
  };
  const visit = await admitVisitor(call, pagesBody);
  if (visit instanceof Response) return visit;
  const { tests, project, environment } = visit.loaded;
  const origin = c.req.header("Origin") ?? "";
  const now = Date.now();
  for (const named of new Set(visit.body.flags)) {
    const flag = parseKeyName(named);
    if (flag === null) continue;
    const place = `${project}/${environment}/${flag}/${origin}`;
    if (!tests.has(flag) || now - (sightings.get(place) ?? 0) < SIGHTING_MS) continue;
    if (sightings.size > 1_000) sightings.clear();
    sightings.set(place, now);
    const told = testLedger(c.env, project, environment, flag).sighted(origin || "an app", now);
    call.waitUntil(told.catch((error) => log({ event: "sighting-lost", flag, error: String(error) })));
  }
  return new Response(null, { status: 204, headers: VISITOR_HEADERS });
});
