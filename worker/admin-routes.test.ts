import { env, SELF } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { admin } from "./app.ts";

// Over the router's own table: a route that is added is tested from then on, and one without a role fails here.

const BASE = "http://blastdoor.test/api/v1";
const ADMIN = (env as unknown as { ADMIN_TOKEN: string }).ADMIN_TOKEN;
/** Open by nature: signing in, the description of the API, and the route with a secret of its own. */
const WITHOUT_TOKEN = new Set(["POST /session", "GET /openapi.json"]);
const BREAK_GLASS = "/break-glass/";
/** Its body is no JSON and may be far larger: see segment-lists.test.ts. */
const LIST_UPLOAD = "PUT /projects/:project/segments/:segment/list";

interface Operation {
  description?: string;
  security?: unknown[];
  requestBody?: unknown;
}
const info = { openapi: "3.1.0", info: { title: "", version: "" } };
const described = admin.getOpenAPI31Document(info).paths as Record<string, Record<string, Operation>>;

/** Every route as served, with values in place of its parameters. */
const routes = [
  ...new Set(admin.routes.filter(({ method }) => method !== "ALL").map(({ method, path }) => `${method} ${path}`)),
].map((route) => {
  const [method = "", path = ""] = route.split(" ");
  const template = path.replaceAll(/:(\w+)/g, "{$1}");
  const operation = described[template]?.[method.toLowerCase()];
  const needs = /Needs the role \*(\w+)\*/.exec(operation?.description ?? "")?.[1];
  return { route, method, url: BASE + path.replace(":project", "shop").replaceAll(/:\w+/g, "x"), operation, needs };
});
const guarded = routes.filter(({ route }) => !WITHOUT_TOKEN.has(route) && !route.includes(BREAK_GLASS));
const writing = guarded.filter(({ operation, route }) => operation?.requestBody !== undefined && route !== LIST_UPLOAD);

async function call(
  route: { method: string; url: string },
  token: string | null,
  body?: BodyInit,
  type = "application/json",
) {
  const headers: Record<string, string> = {};
  if (token !== null) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = type;
  const response = await SELF.fetch(route.url, {
    method: route.method,
    headers,
    ...(body === undefined ? {} : { body }),
  });
  const problem = response.headers.get("Content-Type")?.includes("problem+json");
  const read = response.status === 204 ? {} : ((await response.json().catch(() => ({}))) as { code?: string });
  return { status: response.status, code: problem ? read.code : undefined };
}

async function token(role: string, project?: string): Promise<string> {
  const response = await SELF.fetch(`${BASE}/tokens`, {
    method: "POST",
    headers: { Authorization: `Bearer ${ADMIN}`, "Content-Type": "application/json" },
    body: JSON.stringify({ name: `a ${role}`, role, ...(project ? { project } : {}) }),
  });
  return ((await response.json()) as { token: string }).token;
}

const LESSER: Record<string, string> = { marketer: "viewer", engineer: "marketer", admin: "engineer" };
const tokens = new Map<string, string>();

beforeAll(async () => {
  for (const role of ["viewer", "marketer", "engineer"]) tokens.set(role, await token(role));
  tokens.set("elsewhere", await token("admin", "elsewhere"));
});

test("every route is in the API's description, and every guarded one names its role", () => {
  expect(routes.length).toBeGreaterThan(30);
  const undescribed = routes.filter(({ operation, route }) => !operation && route !== "GET /openapi.json");
  expect(undescribed.map(({ route }) => route)).toEqual([]);
  expect(guarded.filter(({ needs }) => !needs).map(({ route }) => route)).toEqual([]);
});

describe.each(guarded)("$route", (route) => {
  test("without a token, or with an unknown one: 401", async () => {
    expect(await call(route, null)).toEqual({ status: 401, code: "unauthenticated" });
    expect(await call(route, "bdt_unknown")).toEqual({ status: 401, code: "unauthenticated" });
  });

  test.runIf(LESSER[route.needs ?? ""])("with a lesser role: 403", async () => {
    const lesser = tokens.get(LESSER[route.needs ?? ""] ?? "") ?? "";
    expect(await call(route, lesser)).toEqual({ status: 403, code: "forbidden" });
  });

  test.runIf(route.url.includes("/projects/shop"))("with another project's token: 403", async () => {
    expect(await call(route, tokens.get("elsewhere") ?? "")).toEqual({ status: 403, code: "forbidden" });
  });
});

describe.each(writing)("the body of $route", (route) => {
  test("too large: 413; another content type: 415; not JSON: 400; not an object: 422", async () => {
    const large = `{"a":"${"x".repeat(8 * 1024 * 1024)}"}`;
    expect(await call(route, ADMIN, large)).toEqual({ status: 413, code: "body-too-large" });
    expect(await call(route, ADMIN, "a=b", "text/plain")).toEqual({ status: 415, code: "content-type" });
    expect(await call(route, ADMIN, "{")).toEqual({ status: 400, code: "json-invalid" });
    expect(await call(route, ADMIN, "[]")).toEqual({ status: 422, code: "invalid" });
  });
});

test("break-glass is closed without its secret", async () => {
  const route = routes.find(({ route }) => route.includes(BREAK_GLASS));
  expect(route).toBeDefined();
  if (route) expect((await call(route, ADMIN, "{}")).status).toBe(401);
});
