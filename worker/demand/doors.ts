import { Hono } from "hono";
import { z } from "zod";
import { parseKeyName } from "../../shared/schema/names.ts";
import type { Json } from "../../shared/schema/primitives.ts";
import { makeNonce, openNonce } from "../crypto/exposure-nonce.ts";
import { keyedHash } from "../crypto/keyed-hash.ts";
import type { Env } from "../env.ts";
import { edgeAttributes } from "../http/edge-attributes.ts";
import { log } from "../log.ts";
import { DurableUnavailable } from "../objects/kernel/durable-stub.ts";
import { testLedger } from "../objects/stubs.ts";
import { LEAST_VIEW_MS } from "../objects/test-ledger/door-doubts.ts";
import { pageOrigin } from "../objects/test-ledger/page-origin.ts";
import { isFree } from "../plan.ts";
import {
  admitVisitor,
  isPreviewed,
  networkOf,
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
/**
 * Whom the product knows the person as; null: as nobody any more. Heard from server keys alone, since anybody can write
 * any name into a browser's request; a client key's is taken and means nothing. A browser's user is the `sub` of a
 * signed context.
 */
const user = identity.nullable().optional();
export const openBody = z.object({ ...visitorFields, user });
export const eventBody = z.object({ ...visitorFields, user, nonce: z.string().max(300) });
export const joinBody = z.object({
  ...visitorFields,
  user: z.union([identity, z.null()], { error: "send the user's id, or null when this browser is nobody's" }),
});
/** A page reports itself at most this often (ms) from one isolate: enough to say "we have seen it". */
const SIGHTING_MS = 10_000;
const MAX_SIGHTINGS = 1_000;
const sightings = new Map<string, number>();

const COUNTS_NOBODY = "this installation counts nobody: it is set up for Workers Free (PLAN)";
const BODIES = { open: openBody, seen: eventBody, click: eventBody, join: joinBody };
type Action = keyof typeof BODIES;
const ACTIONS = Object.keys(BODIES) as Action[];
type DoorBody = {
  key?: string | undefined;
  context: Record<string, Json>;
  user?: string | null | undefined;
  nonce?: string;
};
const isAction = (text: string): text is Action => Object.hasOwn(BODIES, text);

doors.options("/*", preflight);

doors.post("/:flag/:action", async (c) => {
  const { flag: asked, action } = c.req.param();
  if (!isAction(action)) return refuse(404, `a door knows ${ACTIONS.join(", ")}`);
  if (isFree(c.env)) return refuse(403, COUNTS_NOBODY);
  const call = {
    request: c.req.raw,
    env: c.env,
    waitUntil: (work: Promise<unknown>) => c.executionCtx.waitUntil(work),
  };
  const visit = await admitVisitor<z.ZodType<DoorBody>>(call, BODIES[action]);
  if (visit instanceof Response) return visit;
  const { loaded, body } = visit;
  const flag = parseKeyName(asked);
  if (flag === null) return noSuchFlag(asked);
  const ofServer = visit.key.kind === "server";
  const vouched = ofServer ? body.user : visit.signature?.user;
  if (action === "join" && !ofServer && vouched === undefined)
    return refuse(403, "only a server key, or a context signed with a user (sub), can say whose browser this is");
  const { targetingKey } = body.context;
  const test = loaded.tests.get(flag);
  if (action !== "join" && test?.kind === "fake-door" && (await isPreviewed(visit, flag, body.context)))
    return Response.json({ nonce: "", state: "preview", ...test.settings.wording }, { headers: VISITOR_HEADERS });
  const person = identity.safeParse(targetingKey);
  const outcome = action === "join" ? null : await servedTo(visit, flag, body.context);
  const { sealKey } = loaded;
  if (!person.success || test?.kind !== "fake-door" || !sealKey) return noSuchFlag(flag);
  const { project, environment } = loaded;
  const hashed = (use: string, text: string) => keyedHash(sealKey, use, text).slice(0, 32);
  const unit = hashed("door/unit", person.data);
  const owner = typeof vouched === "string" ? hashed("door/user", vouched) : vouched;
  const ledger = testLedger(c.env, project, environment, flag);
  const now = Date.now();
  // A server speaks for people of its own: their networks and browsers are not those of its request.
  const network = networkOf(visit, "door/network", now);
  try {
    if (action === "join") {
      await ledger.join(unit, owner ?? null);
      const state = await ledger.standing(test.run, { unit, owner: owner ?? undefined });
      return Response.json({ state }, { headers: VISITOR_HEADERS });
    }
    if (!outcome || !test.running) return noSuchFlag(flag);
    if (action === "open") {
      const visitor = { unit, owner: owner ?? undefined, network: network ?? undefined };
      const state = await ledger.standing(test.run, visitor);
      const nonce = makeNonce(sealKey, { flag, run: test.run, unit }, outcome.variant ?? "", now);
      return Response.json({ nonce, state, ...test.settings.wording }, { headers: VISITOR_HEADERS });
    }
    const nonce = openNonce(sealKey, { flag, run: test.run, unit }, body.nonce ?? "", now);
    if (!nonce) return refuse(409, "this nonce is not this visitor's, or too old: open the door again");
    const attributes = edgeAttributes(c.req.raw, loaded);
    const state = await ledger.record({
      project,
      environment,
      flag,
      run: test.run,
      settings: test.settings,
      action,
      unit,
      ...(owner === undefined ? {} : { owner }),
      ageMs: ofServer ? LEAST_VIEW_MS : now - nonce.madeAt,
      network: network ?? hashed("door/network", `server ${person.data}`),
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
export const pagesBody = z.object({ key: visitorFields.key, flags: z.array(z.string().max(100)).max(50) });

pages.options("/", preflight);

/** Answers alike whatever the flags are. */
pages.post("/", async (c) => {
  if (isFree(c.env)) return refuse(403, COUNTS_NOBODY);
  const call = {
    request: c.req.raw,
    env: c.env,
    waitUntil: (work: Promise<unknown>) => c.executionCtx.waitUntil(work),
  };
  const visit = await admitVisitor(call, pagesBody);
  if (visit instanceof Response) return visit;
  const { tests, project, environment } = visit.loaded;
  const origin = pageOrigin(c.req.header("Origin") ?? "");
  if (origin === null) return new Response(null, { status: 204, headers: VISITOR_HEADERS });
  const now = Date.now();
  for (const named of new Set(visit.body.flags)) {
    const flag = parseKeyName(named);
    if (flag === null) continue;
    const place = `${project}/${environment}/${flag}/${origin}`;
    if (!tests.has(flag) || now - (sightings.get(place) ?? 0) < SIGHTING_MS) continue;
    // The one told of longest ago goes: a flood of made-up pages has the others told of again, no more.
    sightings.delete(place);
    for (const longest of sightings.keys()) {
      if (sightings.size < MAX_SIGHTINGS) break;
      sightings.delete(longest);
    }
    sightings.set(place, now);
    const told = testLedger(c.env, project, environment, flag).sighted(origin, now);
    call.waitUntil(told.catch((error) => log({ event: "sighting-lost", flag, error: String(error) })));
  }
  return new Response(null, { status: 204, headers: VISITOR_HEADERS });
});
