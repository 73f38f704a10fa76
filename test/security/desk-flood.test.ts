import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";

// An attacker asks the desk of a Wizard of Oz without end, with the public client key and made-up ids. Others are still
// answered by people, and what is refused takes no room.

const FLAGS = "/projects/shop/environments/production/flags";
const DESK = "/projects/shop/environments/production/desk";
const FALLBACK = { text: "We will write to you" };
let server: Server;
let clientKey: string;
let serverKey: string;

async function admin<T = unknown>(method: string, route: string, body?: unknown): Promise<T> {
  const response = await server.admin(route, body === undefined ? { method } : { method, body });
  if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

async function ask(ip: string, over: { key?: string; id?: string; person?: string } = {}) {
  const { key = clientKey, id = crypto.randomUUID(), person = crypto.randomUUID() } = over;
  const response = await fetch(`${server.url}/v1/ask/advice`, {
    method: "POST",
    headers: { "Content-Type": "text/plain", "CF-Connecting-IP": ip },
    body: JSON.stringify({ key, id, context: { targetingKey: person }, input: "x".repeat(10_000) }),
  });
  return {
    status: response.status,
    json: (await response.json()) as { status?: string; answer?: unknown; poll?: string },
  };
}
const figures = async () =>
  (await admin<{ desk: { waiting: number; fallbacks: number } }>("GET", `${FLAGS}/advice/results`)).desk;

beforeAll(async () => {
  server = await startServer();
  await admin("PUT", "/projects/shop", { environments: ["production"] });
  const key = async (kind: string) =>
    (await admin<{ key: string }>("POST", "/projects/shop/environments/production/keys", { kind, name: kind })).key;
  clientKey = await key("client");
  serverKey = await key("server");
  const settings = { kind: "wizard-of-oz", share: 100_000, deadlineSeconds: 3_600, fallback: FALLBACK };
  await admin("PUT", `${FLAGS}/advice/test`, { settings });
  await admin("POST", `${FLAGS}/advice/test/start`, {});
});
afterAll(async () => {
  await server?.stop();
});

test("a flood from one network takes its share of the desk, and nobody else's", async () => {
  const answers = [];
  for (let n = 0; n < 60; n++) answers.push(await ask("203.0.113.66"));
  expect(answers.filter(({ json }) => json.status === "waiting")).toHaveLength(20);
  for (const { json } of answers.filter(({ json }) => json.status === "fallback"))
    expect(json.answer).toEqual(FALLBACK);
  expect((await ask("198.51.100.7")).json.status).toBe("waiting");
  // Also when the addresses differ within the network.
  expect((await ask("203.0.113.99")).json.status).toBe("fallback");
});

test("what is refused is counted and not stored: asked again it is the same, and there is nothing to read", async () => {
  const { fallbacks, waiting } = await figures();
  const id = crypto.randomUUID();
  for (let n = 0; n < 3; n++) expect((await ask("203.0.113.66", { id })).json).toMatchObject({ status: "fallback" });
  expect(await figures()).toMatchObject({ waiting, fallbacks: fallbacks + 3 });
  const read = await fetch(`${server.url}/v1/ask/shop/production/${id}?wait=0`);
  expect(read.status).toBe(404);
  const { requests } = await admin<{ requests: { id: string; status: string }[] }>("GET", DESK);
  expect(requests.filter(({ status }) => status !== "waiting")).toEqual([]);
});

test("a flood from many networks leaves room that only server keys can take", async () => {
  const networks = Array.from({ length: 420 }, (_, n) => `100.64.${n % 250}.${n < 250 ? 1 : 2}`);
  for (let n = 0; n < networks.length; n += 42) await Promise.all(networks.slice(n, n + 42).map((ip) => ask(ip)));
  const { waiting } = await figures();
  expect(waiting).toBe(400);
  expect((await ask("100.65.1.1")).json.status).toBe("fallback");
  expect((await ask("100.65.1.1", { key: serverKey })).json.status).toBe("waiting");
});
