import type { RouteConfig } from "@hono/zod-openapi";
import { Hono } from "hono";
import { z } from "zod";
import { mayFollowChanges } from "../../shared/changes/follow.ts";
import { regionFor } from "../../shared/placement/placement.ts";
import { bearerOf } from "../crypto/tokens.ts";
import type { Env } from "../env.ts";
import { log } from "../log.ts";
import { settledPlacement } from "../objects/placement.ts";
import { followAtRelay } from "../objects/stubs.ts";
import { parseKey } from "./edge/bearer-keys.ts";
import { isolateEdge, isolateRegion } from "./edge/isolate.ts";
import { waitOfOther } from "./edge/key-limits.ts";

/**
 * `GET /server/v1/changes`: a WebSocket that says `{"version": N}` when a newer version of the key's environment is
 * out. A message is a hint: the client reads the rules then, and also now and then without a hint. Sockets hang on the
 * relay of the isolate's region, which hibernates beneath them.
 */
export const changes = new Hono<{ Bindings: Env }>();

/** For clients that cannot set headers: the first is answered, the second carries the key. Neither is part of a URL. */
const PROTOCOL = "blastdoor";
const KEY_PROTOCOL = "blastdoor-key.";
/** A client without room comes back after this long (s). */
const NO_ROOM_S = 30;

const refused = z.object({ errorDetails: z.string() });
const refusal = (description: string) => ({ description, content: { "application/json": { schema: refused } } });

/** For the API's description. */
export const CHANGES_ROUTE: RouteConfig = {
  servers: [{ url: "/" }],
  tags: ["In-process evaluation"],
  security: [{ bearer: [] }],
  method: "get",
  path: "/server/v1/changes",
  summary: "Follow changes of the key's environment on a WebSocket.",
  description: `Each message is JSON, \`{"version": N}\`: a newer version is out. Send \`Upgrade: websocket\` with a server key in \`Authorization\`, or offer the subprotocols \`${PROTOCOL}\` and \`${KEY_PROTOCOL}KEY\`. The text \`ping\` is answered \`pong\`.`,
  responses: {
    101: { description: "The socket is open" },
    401: refusal("No key in force"),
    403: refusal("The key may not follow changes"),
    426: refusal("This is no request for a WebSocket"),
    429: refusal("The key asks too often, or holds too many sockets: again after Retry-After"),
    503: refusal("Not now: again after Retry-After"),
  },
};

const REFUSAL_HEADERS = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers": "Retry-After",
  "Cache-Control": "no-store",
};
const refuse = (status: number, errorDetails: string, headers: Record<string, string> = {}): Response =>
  Response.json({ errorDetails }, { status, headers: { ...REFUSAL_HEADERS, ...headers } });

changes.get("/", async (c) => {
  const { req, env } = c;
  if (req.header("Upgrade")?.toLowerCase() !== "websocket")
    return refuse(426, "open a WebSocket here: send Upgrade: websocket", { Upgrade: "websocket" });
  const protocols = (req.header("Sec-WebSocket-Protocol") ?? "").split(",").map((one) => one.trim());
  const token = bearerOf(req.raw.headers) ?? keyIn(protocols);
  if (token === null)
    return refuse(
      401,
      `send a server key as Authorization: Bearer KEY, or offer the subprotocols "${PROTOCOL}" and "${KEY_PROTOCOL}KEY"`,
    );
  const named = parseKey(token, env);
  if (!named) return refuse(401, UNKNOWN_KEY);
  const waitUntil = (work: Promise<unknown>) => c.executionCtx.waitUntil(work);
  const loaded = await isolateEdge(env, req.raw).current(named.project, named.environment, waitUntil, named);
  if (loaded === "unreachable") return refuse(503, "try again in a moment", { "Retry-After": "2" });
  const key = loaded === "missing" ? null : loaded.keys.find(token);
  if (loaded === "missing" || !key) return refuse(401, UNKNOWN_KEY);
  const wait = waitOfOther(env, loaded, key, waitUntil);
  if (wait > 0) return refuse(429, "this key asks too often", { "Retry-After": String(wait) });
  if (!mayFollowChanges(key)) return refuse(403, "this key may not follow changes: use a server key");
  const { project, environment } = loaded;
  const following = { project, environment, key: key.id, region: regionFor(settledPlacement(env), isolateRegion()) };
  const opened = await followAtRelay(env, following).catch((error: unknown) => {
    log({ event: "relay-unavailable", project, region: following.region, error: String(error) });
    return null;
  });
  if (opened?.webSocket)
    return new Response(null, {
      status: 101,
      webSocket: opened.webSocket,
      headers: protocols.includes(PROTOCOL) ? { "Sec-WebSocket-Protocol": PROTOCOL } : {},
    });
  await opened?.body?.cancel();
  if (opened?.status === 429)
    return refuse(429, "too many sockets follow changes with this key, or in this region", {
      "Retry-After": String(NO_ROOM_S),
    });
  return refuse(503, "try again in a moment", { "Retry-After": "2" });
});

const UNKNOWN_KEY = "this key is unknown or revoked";

const keyIn = (protocols: readonly string[]): string | null =>
  protocols.find((one) => one.startsWith(KEY_PROTOCOL))?.slice(KEY_PROTOCOL.length) ?? null;
