import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";

// An administrator has limited a client key that somebody abuses. The limit holds wherever the key opens something, not
// for evaluation alone. worker/evaluation/key-limits.test.ts goes over the router's own table.

const KEYS = "/projects/shop/environments/production/keys";
let server: Server;
let key: string;
let id: string;
let stream: string;

async function admin<T = unknown>(method: string, route: string, body?: unknown): Promise<T> {
  const response = await server.admin(route, body === undefined ? { method } : { method, body });
  if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
  const text = await response.text();
  return (text === "" ? null : JSON.parse(text)) as T;
}
const post = (path: string, body: object, inHeader = false) =>
  fetch(server.url + path, {
    method: "POST",
    headers: inHeader
      ? { "Content-Type": "application/json", Authorization: `Bearer ${key}` }
      : { "Content-Type": "text/plain" },
    body: JSON.stringify(inHeader ? body : { key, ...body }),
  });
const evaluation = () => post("/ofrep/v1/evaluate/flags", { context: { targetingKey: "u" } }, true);
const spend = async () => void (await (await evaluation()).body?.cancel());

beforeAll(async () => {
  server = await startServer();
  await admin("PUT", "/projects/shop", { environments: ["production"] });
  ({ key, id } = await admin<{ key: string; id: string }>("POST", KEYS, { kind: "client", name: "page" }));
  const answer = (await (await evaluation()).json()) as { eventStreams: { endpoint: { requestUri: string } }[] };
  stream = server.url + answer.eventStreams[0]?.endpoint.requestUri;
  // One request in ten seconds.
  await admin("PUT", `${KEYS}/${id}/limit`, { perSecond: 0.1, burst: 1 });
});
afterAll(async () => {
  await server?.stop();
});

const visitor = { context: { targetingKey: "u" }, id: crypto.randomUUID(), input: 1, nonce: "", flags: ["x"] };
const batch = () => ({ batchId: crypto.randomUUID(), events: [] });
const ways: [string, () => Promise<Response>][] = [
  ["a door's opening", () => post("/v1/doors/x/open", visitor)],
  ["a door's click, the key in the header", () => post("/v1/doors/x/click", visitor, true)],
  ["a question", () => post("/v1/ask/x", visitor)],
  ["a page", () => post("/v1/pages", { flags: ["x"] })],
  ["events", () => post("/v1/events", batch(), true)],
  ["a beacon", () => post("/v1/events", batch())],
  ["a stream", () => fetch(stream)],
  ["an evaluation", evaluation],
];

test.each(ways)("beyond the limit %s is answered 429 and when to come again", async (_what, send) => {
  await spend();
  const response = await send();
  expect(response.status).toBe(429);
  expect(response.headers.get("Retry-After")).toMatch(/^[1-9]\d*$/);
  expect(response.headers.get("Access-Control-Expose-Headers")).toContain("Retry-After");
  await response.body?.cancel();
});

test("what was refused shows in the key's usage", async () => {
  type Keys = { keys: { id: string; limited?: number }[] };
  const limited = async () => (await admin<Keys>("GET", KEYS)).keys.find((one) => one.id === id)?.limited ?? 0;
  await expect.poll(limited, { timeout: 90_000, interval: 1_000 }).toBeGreaterThanOrEqual(ways.length);
});
