import { beforeAll, describe, expect, test } from "vitest";
import { app } from "../app.ts";
import { aDesk, aDoor, sent, withTest } from "../testing/demand.ts";
import { type Answer, done, evaluate, fetched, newShop } from "../testing/http.ts";
import { storingRates } from "./edge/rate-limit.ts";
import { openStreams } from "./streams.ts";

// Over the router's own table: a route that is added is either said to need no key, or tested here.

let shop: Awaited<ReturnType<typeof newShop>>;
let stream: string;
/** One request in ten seconds. */
const SLOWEST = { perSecond: 0.1, burst: 1 };

const body = {
  context: { targetingKey: "u1" },
  id: crypto.randomUUID(),
  input: 1,
  flags: ["public"],
  user: "kim",
  nonce: "",
};
const batch = { batchId: "b", events: [] };
type Send = (key: string) => Promise<Answer>;
const posted =
  (path: string, content: object): Send =>
  (key) =>
    fetched(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${key}` },
      body: JSON.stringify(content),
    });
const beacon =
  (path: string, content: object): Send =>
  (key) =>
    sent(path, { key, ...content });

const got =
  (path: string): Send =>
  (key) =>
    fetched(path, { headers: { Authorization: `Bearer ${key}` } });

/** What a key opens, by route: with the key in a header, and in the body where that is allowed. */
const OPENED: Record<string, Send[]> = {
  "GET /ofrep/v1/streams/:project/:environment": [() => fetched(stream)],
  "ALL /ofrep/v1/*": [
    (key) => evaluate(key),
    (key) => evaluate(key, { flag: "public" }),
    (key) => evaluate(key, { query: "?blastdoorPreview=x" }),
    (key) => evaluate(key, { flag: "public", context: { blastdoorPreview: "x" } }),
  ],
  "POST /v1/events": [posted("/v1/events", batch), beacon("/v1/events", batch)],
  "POST /v1/doors/:flag/:action": ["open", "seen", "click", "join"].flatMap((action) => [
    posted(`/v1/doors/public/${action}`, body),
    beacon(`/v1/doors/public/${action}`, body),
  ]),
  "POST /v1/pages": [posted("/v1/pages", body), beacon("/v1/pages", body)],
  "GET /server/v1/changes": [
    (key) => fetched("/server/v1/changes", { headers: { Upgrade: "websocket", Authorization: `Bearer ${key}` } }),
  ],
  "GET /server/v1/rules": [got("/server/v1/rules?reader=1")],
  "GET /server/v1/lists/:segment/:version/:shard": [got("/server/v1/lists/staff/1-1/0")],
  "POST /server/v1/usage": [posted("/server/v1/usage", { flags: [] })],
  "POST /v1/probe": [posted("/v1/probe", {})],
  "POST /v1/ask/:flag": [posted("/v1/ask/public", body), beacon("/v1/ask/public", body)],
};
/** Here a client key is refused whatever it has left. */
const SERVER_ONLY = new Set(["POST /v1/probe"]);
/** What no browser reads needs no CORS. */
const FOR_PROCESSES = /\/server\/v1\/(?:rules|lists|usage)/;
/** Open to anybody ("ALL /*" adds headers to every answer, "GET /*" is the dashboard's page), or with a secret of their own. An answer at the desk is read by its id, which is one. */
const KEYLESS = new Set([
  "ALL /*",
  "GET /*",
  "GET /blastdoor.js",
  "GET /healthz",
  "GET /v1/ask/:project/:environment/:id",
]);
const OWN_SECRET = /^\w+ (?:\/api\/|\/metrics|\/v1\/triggers|\/demo)/;
const PREFLIGHT = /^OPTIONS /;

beforeAll(async () => {
  shop = await newShop();
  const [{ endpoint }] = (await evaluate(shop.client)).json.eventStreams;
  stream = endpoint.requestUri;
  const keys = `${shop.at}/environments/production/keys`;
  for (const { id } of (await done("GET", keys)).keys) await done("PUT", `${keys}/${id}/limit`, SLOWEST);
});

/** Takes what the key may ask at this moment. */
async function spend(): Promise<void> {
  for (const key of [shop.client, shop.server]) await evaluate(key);
}

test("every route is one that a key opens, which is tested here, or one that needs no key", () => {
  const routes = [...new Set(app.routes.map(({ method, path }) => `${method} ${path}`))];
  const unknown = routes.filter(
    (route) => !(route in OPENED) && !KEYLESS.has(route) && !OWN_SECRET.test(route) && !PREFLIGHT.test(route),
  );
  expect(unknown).toEqual([]);
  for (const route of Object.keys(OPENED)) expect(routes).toContain(route);
});

const cases = Object.entries(OPENED).flatMap(([route, ways]) => ways.map((send, way) => [route, way, send] as const));

test.each(cases)("a key beyond its limit is answered 429 at %s (%i)", async (route, _way, send) => {
  const before = openStreams();
  await spend();
  for (const key of SERVER_ONLY.has(route) ? [shop.server] : [shop.client, shop.server]) {
    const { status, headers } = await send(key);
    expect(status).toBe(429);
    expect(headers.get("Retry-After")).toMatch(/^[1-9]\d*$/);
    if (FOR_PROCESSES.test(route)) continue;
    expect(headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(headers.get("Access-Control-Expose-Headers")).toContain("Retry-After");
  }
  expect(openStreams()).toBe(before);
});

test("an EventSource, which cannot read a refusal, is told when to come back, and opens nothing", async () => {
  const before = openStreams();
  await spend();
  const { status, headers, text } = await fetched(stream, { headers: { Accept: "text/event-stream" } });
  expect([status, headers.get("Content-Type")]).toEqual([200, "text/event-stream; charset=utf-8"]);
  expect(text).toMatch(/^retry: 2\d{4}\n: no room\n\n$/);
  expect(openStreams()).toBe(before);
});

test("each route refuses in its own words", async () => {
  await spend();
  const problem = await posted("/v1/events", batch)(shop.client);
  expect(problem.headers.get("Content-Type")).toBe("application/problem+json");
  expect(problem.json).toMatchObject({ code: "rate-limited", status: 429 });
  for (const send of [posted("/v1/pages", body), (key: string) => evaluate(key), () => fetched(stream)])
    expect((await send(shop.client)).json).toEqual({ errorDetails: expect.stringContaining("too often") });
});

test.each(["/v1/doors/public/open", "/v1/ask/public", "/v1/pages", "/v1/events", "/ofrep/v1/evaluate/flags"])(
  "a key in the header is refused before its body is read: %s",
  async (path) => {
    await spend();
    const headers = { Authorization: `Bearer ${shop.client}`, "Content-Type": "text/csv" };
    expect((await fetched(path, { method: "POST", headers, body: "no JSON" })).status).toBe(429);
  },
);

test("a batch of events is one request, whatever it holds", async () => {
  const own = await newShop();
  const keys = `${own.at}/environments/production/keys`;
  const { id } = (await done("GET", keys)).keys.find(({ kind }: { kind: string }) => kind === "server");
  await done("PUT", `${keys}/${id}/limit`, { ...SLOWEST, burst: 2 });
  const events = Array.from({ length: 50 }, (_, n) => ({
    id: `e${n}`,
    type: "conversion",
    unit: { targetingKey: "u" },
    time: Date.now(),
  }));
  const statuses = [];
  for (let n = 0; n < 3; n++) statuses.push((await posted("/v1/events", { ...batch, events })(own.server)).status);
  expect(statuses).toEqual([202, 202, 429]);
});

describe("without a limit of its own, a key is bounded where it stores", () => {
  const NETWORK = "192.0.2";
  const routes = ["/v1/doors/door/open", "/v1/doors/door/seen", "/v1/ask/door", "/v1/pages"];
  test.each(routes)("for one network, whatever person it names; other networks and servers go on: %s", async (path) => {
    const own = await withTest("door", aDoor());
    const idOf = async (wanted: string) =>
      (await done("GET", `${own.at}/environments/production/keys`)).keys.find(
        ({ kind }: { kind: string }) => kind === wanted,
      ).id as string;
    const ask = async (key: string, ip: string) => (await sent(path, { key, ...body }, { ip })).status;
    expect(await ask(own.client, `${NETWORK}.1`)).not.toBe(429);
    const client = await idOf("client");
    // As by a flood in one instant; a later reading of the clock earns nothing while it lies ahead.
    const ahead = Date.now() + 3_600_000;
    while (storingRates.take(client, NETWORK, ahead) === 0);
    expect(await ask(own.client, `${NETWORK}.2`)).toBe(429);
    expect(await ask(own.client, "198.51.100.1")).not.toBe(429);
    expect(await ask(own.server, `${NETWORK}.2`)).not.toBe(429);
    while (storingRates.take(client, null, ahead) === 0);
    expect(await ask(own.client, "198.51.100.1")).toBe(429);
  });
});

test("what one network asks too much takes nothing off the limit that everybody's evaluations share", async () => {
  const own = await withTest("door", aDoor());
  const keys = `${own.at}/environments/production/keys`;
  const { id } = (await done("GET", keys)).keys.find(({ kind }: { kind: string }) => kind === "client");
  await done("PUT", `${keys}/${id}/limit`, { ...SLOWEST, burst: 2 });
  const ahead = Date.now() + 3_600_000;
  while (storingRates.take(id, "192.0.2", ahead) === 0);
  for (let n = 0; n < 5; n++)
    expect((await sent("/v1/pages", { key: own.client, ...body }, { ip: "192.0.2.9" })).status).toBe(429);
  expect((await evaluate(own.client)).status).toBe(200);
});

test("a Wizard of Oz is asked within the limit as before", async () => {
  const own = await withTest("advice", aDesk());
  expect((await sent("/v1/ask/advice", { key: own.client, ...body })).json.status).toBe("waiting");
});
