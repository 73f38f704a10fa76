import { readdirSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root, type Server, startServer } from "../process/server.ts";

// A browser that guesses a type may run what was sent as data, and one that was ever led to plain http can be led there
// again. Every family of answers is asked for here, refusals and errors as well.

const HSTS = "max-age=31536000; includeSubDomains";
const METRICS_TOKEN = "bdm_a-token-for-one-test";
let server: Server;
let key: string;

beforeAll(async () => {
  server = await startServer({ env: { METRICS_TOKEN } });
  await server.admin("/projects/shop", { method: "PUT", body: { environments: ["live"] } });
  const made = await server.admin("/projects/shop/environments/live/keys", {
    method: "POST",
    body: { kind: "client", name: "page" },
  });
  key = ((await made.json()) as { key: string }).key;
});
afterAll(async () => {
  await server?.stop();
});

const files = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? files(path.join(folder, entry.name)).map((name) => `${entry.name}/${name}`)
      : entry.name.startsWith("_")
        ? []
        : [entry.name],
  );

async function ask(route: string, init: RequestInit = {}) {
  const response = await fetch(server.url + route, { redirect: "manual", ...init });
  await response.body?.cancel();
  return { status: response.status, headers: response.headers };
}

test("every answer of the Worker says that its type is not to be guessed", async () => {
  const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
  const json = { "Content-Type": "application/json" };
  const post = (body: string, headers: Record<string, string> = {}): RequestInit => ({ method: "POST", body, headers });
  const bulk = "/ofrep/v1/evaluate/flags";
  const evaluated = await ask(bulk, post("{}", { ...json, ...bearer(key) }));
  const etag = evaluated.headers.get("ETag") ?? "";
  const document = await ask("/api/v1/openapi.json");
  const script = await ask("/blastdoor.js");
  const requests: [string, RequestInit, number][] = [
    [bulk, post("{}", { ...json, ...bearer(key) }), 200],
    [bulk, post("{}", { ...json, ...bearer(key), "If-None-Match": etag }), 304],
    [bulk, { method: "OPTIONS" }, 204],
    [bulk, post("{}", json), 401],
    [bulk, post("{", { ...json, ...bearer(key) }), 400],
    [bulk, post("a=b", bearer(key)), 415],
    [bulk, post("x".repeat(70_000), { ...json, ...bearer(key) }), 413],
    [bulk, {}, 404],
    [`${bulk}/nothing`, post("{}", { ...json, ...bearer(key) }), 404],
    ["/ofrep/v1/configuration", {}, 404],
    ["/ofrep/v1/streams/shop/live?token=x", {}, 401],
    ["/v1/events", post("{}", { ...json, ...bearer(key) }), 400],
    ["/v1/events", post("{}", json), 400],
    [
      "/v1/events",
      post(JSON.stringify({ batchId: crypto.randomUUID(), events: [] }), { ...json, ...bearer(key) }),
      202,
    ],
    ["/v1/events", { method: "OPTIONS" }, 204],
    ["/v1/events", {}, 404],
    ["/v1/doors/gift/open", post("{}", bearer(key)), 404],
    ["/v1/doors/gift/open", post("{", bearer(key)), 400],
    ["/v1/doors/gift/open", { method: "OPTIONS" }, 204],
    ["/v1/pages", post("{}"), 401],
    ["/v1/ask/gift", post("{", bearer(key)), 400],
    [`/v1/ask/shop/live/${crypto.randomUUID()}?wait=0`, {}, 404],
    ["/v1/ask/shop/live/1", {}, 404],
    ["/v1/triggers/x", post("{}"), 404],
    ["/v1/triggers", {}, 405],
    ["/v1/nowhere", {}, 404],
    ["/healthz", {}, 200],
    ["/healthz", { method: "HEAD" }, 200],
    ["/metrics", {}, 401],
    ["/metrics", { headers: bearer(METRICS_TOKEN) }, 200],
    ["/blastdoor.js", {}, 200],
    ["/blastdoor.js", { headers: { "If-None-Match": script.headers.get("ETag") ?? "" } }, 304],
    ["/demo?key=x", {}, 200],
    ["/api/v1/openapi.json", {}, 200],
    ["/api/v1/openapi.json", { headers: { "If-None-Match": document.headers.get("ETag") ?? "" } }, 304],
    ["/api/v1/projects", {}, 401],
    ["/api/v1/projects", { headers: bearer(server.adminToken) }, 200],
    ["/api/v1/projects/gone", { headers: bearer(server.adminToken) }, 404],
    ["/api/v1/nowhere", {}, 404],
    ["/api/v1/session", post("{", json), 400],
    ["/api/other", {}, 404],
  ];
  const answers: unknown[] = [];
  for (const [route, init] of requests) {
    const { status, headers } = await ask(route, init);
    // Of evaluations the preflight says it: one header fewer on the path that is asked most.
    const exempt = route.startsWith(bulk) && init.method !== "OPTIONS";
    const transport = exempt ? HSTS : headers.get("Strict-Transport-Security");
    answers.push([init.method ?? "GET", route, status, headers.get("X-Content-Type-Options"), transport]);
  }
  expect(answers).toEqual(
    requests.map(([route, init, status]) => [init.method ?? "GET", route, status, "nosniff", HSTS]),
  );
});

test("every file of the dashboard, and any unknown address, has the whole policy", async () => {
  const built = files(path.join(root, "dist", "dashboard")).map((name) => `/${name}`);
  expect(built.length).toBeGreaterThan(5);
  for (const route of ["/", "/unknown/page", "/%00", "/..%2f", ...built]) {
    const { status, headers } = await ask(route);
    const policy = {
      type: headers.get("X-Content-Type-Options"),
      transport: headers.get("Strict-Transport-Security"),
    };
    expect([route, policy]).toEqual([route, { type: "nosniff", transport: HSTS }]);
    // Any page may load the browser script; the demo page has a policy of its own; the rest are redirects.
    if (route === "/blastdoor.js" || route.startsWith("/demo") || status !== 200) continue;
    expect([route, headers.get("Content-Security-Policy")]).toEqual([
      route,
      expect.stringMatching(/frame-ancestors 'none'/),
    ]);
    expect([route, headers.get("Referrer-Policy")]).toEqual([route, "same-origin"]);
    expect([route, headers.get("X-Frame-Options")]).toEqual([route, "DENY"]);
    expect([route, headers.get("Cross-Origin-Opener-Policy")]).toEqual([route, "same-origin"]);
    expect([route, headers.get("Cross-Origin-Resource-Policy")]).toEqual([route, "same-origin"]);
  }
});

test("HTML cannot be framed, and nothing in it comes from elsewhere", async () => {
  for (const route of ["/", "/demo?key=x"]) {
    const { headers } = await ask(route);
    const policy = headers.get("Content-Security-Policy") ?? "";
    for (const part of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "script-src 'self'"])
      expect([route, policy]).toEqual([route, expect.stringContaining(part)]);
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
  }
});
