import { beforeAll, describe, expect, test } from "vitest";
import { admin } from "../app.ts";
import { env } from "../testing/bindings.ts";
import { done, fetched, newToken, ORIGIN } from "../testing/http.ts";

// Over the router's own table: a route that is added is tested from then on, and one without a role fails here.

const BASE = `${ORIGIN}/api/v1`;
const ADMIN = env.ADMIN_TOKEN;
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

/** Parameters that not every text is valid for. */
const PARAMETERS: Record<string, string> = { project: "shop", revision: "1", region: "weur" };

/** Every route as served, with values in place of its parameters. */
const routes = [
  ...new Set(admin.routes.filter(({ method }) => method !== "ALL").map(({ method, path }) => `${method} ${path}`)),
].map((route) => {
  const [method = "", path = ""] = route.split(" ");
  const template = path.replaceAll(/:(\w+)/g, "{$1}");
  const operation = described[template]?.[method.toLowerCase()];
  const needs = /Needs the role \*(\w+)\*/.exec(operation?.description ?? "")?.[1];
  const filled = path.replaceAll(/:(\w+)/g, (_, name: string) => PARAMETERS[name] ?? "x");
  return { route, method, url: BASE + filled, operation, needs };
});
const guarded = routes.filter(({ route }) => !WITHOUT_TOKEN.has(route) && !route.includes(BREAK_GLASS));
const writing = guarded.filter(({ operation, route }) => operation?.requestBody !== undefined && route !== LIST_UPLOAD);

const call = (route: { method: string; url: string }, token: string | null, body?: BodyInit, type?: string) =>
  fetched(route.url, {
    method: route.method,
    headers: {
      ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "Content-Type": type ?? "application/json" }),
    },
    ...(body === undefined ? {} : { body }),
  });

/** Status and code of a refusal, which has to be a problem document (RFC 9457) that agrees with the status. */
async function refusal(...request: Parameters<typeof call>): Promise<[number, string]> {
  const { status, headers, json } = await call(...request);
  expect(headers.get("Content-Type")).toBe("application/problem+json");
  expect(json).toMatchObject({
    type: `https://blastdoor.dev/problems/${json.code}`,
    status,
    title: expect.any(String),
  });
  return [status, json.code];
}

const LESSER: Record<string, string> = { marketer: "viewer", engineer: "marketer", admin: "engineer" };
const tokens = new Map<string, string>();

beforeAll(async () => {
  // Everything that a route's parameters name is there, so that nothing is refused for its absence.
  const definition = { type: "boolean", variants: { on: true, off: false }, offVariant: "off" };
  await done("PUT", "/projects/shop", { environments: ["x"] });
  await done("PUT", "/projects/shop/flags/x", definition);
  await done("PUT", "/projects/shop/segments/x", {});
  for (const role of ["viewer", "marketer", "engineer"]) tokens.set(role, (await newToken(role)).token);
  await done("PUT", "/projects/elsewhere", {});
  tokens.set("elsewhere", (await newToken("admin", "elsewhere")).token);
});

test("every route is in the API's description, and every guarded one names its role", () => {
  expect(routes.length).toBeGreaterThan(30);
  const undescribed = routes.filter(({ operation, route }) => !operation && route !== "GET /openapi.json");
  expect(undescribed.map(({ route }) => route)).toEqual([]);
  expect(guarded.filter(({ needs }) => !needs).map(({ route }) => route)).toEqual([]);
});

describe.each(guarded)("$route", (route) => {
  test("without a token, or with an unknown one: 401", async () => {
    expect(await refusal(route, null)).toEqual([401, "unauthenticated"]);
    expect(await refusal(route, "bdt_unknown")).toEqual([401, "unauthenticated"]);
    expect(await refusal(route, "x".repeat(10_000))).toEqual([401, "unauthenticated"]);
  });
});

describe.each(guarded.filter(({ needs }) => LESSER[needs ?? ""]))("$route, which needs the role $needs", (route) => {
  test("with a lesser role: 403", async () => {
    const lesser = tokens.get(LESSER[route.needs ?? ""] ?? "") ?? "";
    expect(await refusal(route, lesser)).toEqual([403, "forbidden"]);
  });
});

const elsewhere = guarded.filter(({ url, needs }) => url.includes("/projects/shop") || needs !== "viewer");
describe.each(elsewhere)("$route, asked by an administrator of another project", (route) => {
  test("is forbidden: 403", async () => {
    expect(await refusal(route, tokens.get("elsewhere") ?? "")).toEqual([403, "forbidden"]);
  });
});

describe.each(writing)("the body of $route", (route) => {
  test("too large: 413; another content type: 415; not JSON: 400; not an object: 422", async () => {
    const large = `{"a":"${"x".repeat(8 * 1024 * 1024)}"}`;
    expect(await refusal(route, ADMIN, large)).toEqual([413, "body-too-large"]);
    expect(await refusal(route, ADMIN, "a=b", "text/plain")).toEqual([415, "content-type"]);
    for (const body of ["{", "{} {}", "nothing"])
      expect(await refusal(route, ADMIN, body)).toEqual([400, "json-invalid"]);
    for (const body of ["[]", "7", "null", '"{}"']) expect(await refusal(route, ADMIN, body)).toEqual([422, "invalid"]);
  });

  test("with an unknown field: 422 that names it", async () => {
    const { status, json } = await call(route, ADMIN, '{"surprise":1}');
    const fields = json.errors?.map(({ field }: { field: string }) => field);
    expect([status, json.code, fields]).toEqual([422, "invalid", expect.arrayContaining(["surprise"])]);
  });

  test("nesting 100,000 deep, or with a property called __proto__: 400", async () => {
    const deep = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`;
    expect(await refusal(route, ADMIN, deep)).toEqual([400, "json-too-deep"]);
    for (const name of ["__proto__", "\\u005f_proto__"])
      expect(await refusal(route, ADMIN, `{"a":{"${name}":1}}`)).toEqual([400, "forbidden-name"]);
  });
});

describe.each(writing)("the body of $route, sent by somebody who may not call it", (route) => {
  test("is not looked at: 401 or 403, whatever it is", async () => {
    for (const body of ["{", "x".repeat(9 * 1024 * 1024)]) {
      expect(await refusal(route, null, body, "text/plain")).toEqual([401, "unauthenticated"]);
      const lesser = tokens.get(LESSER[route.needs ?? ""] ?? "elsewhere") ?? "";
      expect(await refusal(route, lesser, body, "text/plain")).toEqual([403, "forbidden"]);
    }
  });
});

test("what signs somebody in is short: 413 beyond 4 KiB", async () => {
  const signIn = { method: "POST", url: `${BASE}/session` };
  expect(await refusal(signIn, null, JSON.stringify({ token: "x".repeat(4_096) }))).toEqual([413, "body-too-large"]);
  expect(await refusal(signIn, null, JSON.stringify({ token: "bdt_unknown" }))).toEqual([401, "unauthenticated"]);
});

test("break-glass is closed without its secret", async () => {
  const [route] = routes.filter(({ route }) => route.includes(BREAK_GLASS));
  if (!route) throw new Error("the break-glass route is gone");
  for (const token of [null, ADMIN, ""]) expect(await refusal(route, token, "{")).toEqual([401, "unauthenticated"]);
});

test("names that are no names are refused with their parameter: 422", async () => {
  for (const [path, field] of [
    ["/projects/UPPER", "project"],
    ["/projects/__proto__", "project"],
    ["/projects/shop/flags/-x", "flag"],
    ["/projects/shop/flags/constructor", "flag"],
    ["/projects/shop/environments/a_b/flags/x", "environment"],
  ]) {
    const { status, json } = await call({ method: "GET", url: BASE + path }, ADMIN);
    expect([path, status, json.errors?.[0].field]).toEqual([path, 422, field]);
  }
});

test("what is not there: 404 with a code of its own", async () => {
  for (const [path, code] of [
    ["/projects/gone", "project-not-found"],
    ["/projects/shop/flags/gone", "flag-not-found"],
    ["/projects/shop/environments/gone/keys", "environment-not-found"],
    ["/projects/shop/segments/gone", "segment-not-found"],
    ["/nowhere", "route-not-found"],
  ]) {
    expect([path, ...(await refusal({ method: "GET", url: BASE + path }, ADMIN))]).toEqual([path, 404, code]);
  }
});

test("If-Match: a lost race is 412, and what is no version 400", async () => {
  const put = async (ifMatch: string) => {
    const headers = { Authorization: `Bearer ${ADMIN}`, "Content-Type": "application/json", "If-Match": ifMatch };
    const { status, json } = await fetched(`${BASE}/projects/shop/flags/x`, {
      method: "PATCH",
      headers,
      body: '{"owner":"me"}',
    });
    return [status, json.code];
  };
  expect(await put('"99"')).toEqual([412, "version-conflict"]);
  for (const wrong of ["1", '"one"', '"1', '"-1"', '"1","2"'])
    expect(await put(wrong)).toEqual([400, "if-match-invalid"]);
  for (const good of ['W/"1"', '"2"', "*"]) expect((await put(good))[0]).toBe(200);
});
