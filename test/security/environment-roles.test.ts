import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";
import { type Answer, must, call as send, signIn } from "./administration.ts";

/*
 * Roles that differ by environment, tried by every way that leads into an environment. Each attack is made with a real
 * token against a real server.
 */

type Roles = { role: string; environments?: Record<string, string> };

const PEOPLE = {
  admin: { role: "admin" },
  /** May change everything in staging, and look at production. */
  careful: { role: "engineer", environments: { production: "viewer" } },
  /** The same, said the other way round. */
  stagingOnly: { role: "viewer", environments: { staging: "engineer" } },
  /** May change tests in production, and nothing else. */
  tester: { role: "viewer", environments: { production: "marketer" } },
} as const satisfies Record<string, Roles>;
type Person = keyof typeof PEOPLE;

let server: Server;
const tokens = new Map<Person, { id: string; token: string }>();

const DAY_MS = 86_400_000;
const PRODUCTION = "/environments/production";
const STAGING = "/environments/staging";
const flag = (purpose: string, visibility = "server-only") => ({
  type: "string",
  variants: { on: "on", off: "off" },
  offVariant: "off",
  purpose,
  visibility,
});
const on = { enabled: true, fallthrough: { variant: "on" } };
const stages = [{ audience: { share: 1_000 }, advance: "by-hand" }];
const plan = { variant: "on", baseline: "off", stages };

const newToken = async (roles: Roles, more: object = {}) =>
  (await must(server, "POST", "/tokens", { name: "somebody", project: "shop", ...roles, ...more })) as {
    id: string;
    token: string;
  };
const tokenOf = (person: Person) => (tokens.get(person) as { token: string }).token;
const call = (person: Person, method: string, route: string, body?: unknown): Promise<Answer> =>
  send(server, method, `/projects/shop${route}`, { token: tokenOf(person), body });
async function done(...request: Parameters<typeof call>): Promise<Answer["json"]> {
  const { status, json } = await call(...request);
  if (status >= 300) throw new Error(`${request.slice(0, 3).join(" ")}: ${status} ${JSON.stringify(json)}`);
  return json;
}
const revision = async (): Promise<number> => (await done("admin", "GET", "")).revision;

beforeAll(async () => {
  server = await startServer();
  await must(server, "PUT", "/projects/shop", { environments: ["staging", "production"] });
  for (const [person, roles] of Object.entries(PEOPLE)) tokens.set(person as Person, await newToken(roles));
  await done("admin", "PUT", "/flags/checkout", flag("release"));
  await done("admin", "PUT", "/flags/gift", flag("experiment"));
  for (const place of [STAGING, PRODUCTION])
    for (const key of ["checkout", "gift"]) await done("admin", "PUT", `${place}/flags/${key}`, on);
  await done("admin", "PUT", `${PRODUCTION}/flags/checkout/plan`, plan);
});
afterAll(async () => {
  await server?.stop();
});

/** Requests that change `place`, or what all environments share. */
const changing = (place: string, key: string): [string, string, string, unknown?][] => [
  ["its state", "PATCH", `${place}/flags/${key}`, { enabled: false }],
  ["a kill", "POST", `${place}/flags/${key}/kill`, {}],
  ["a restore", "POST", `${place}/flags/${key}/restore`, {}],
  [
    "a schedule",
    "POST",
    `${place}/flags/${key}/schedules`,
    { at: new Date(Date.now() + DAY_MS).toISOString(), patch: { enabled: false } },
  ],
  ["a plan", "PUT", `${place}/flags/${key}/plan`, plan],
  ["a trigger", "POST", `${place}/flags/${key}/triggers`, { name: "Alerts" }],
  ["a guard", "PUT", `${place}/flags/${key}/guard`, { metrics: [{ name: "errors", kind: "error" }] }],
  ["a preview", "POST", `${place}/flags/${key}/previews`, { variant: "on" }],
  ["a server key", "POST", `${place}/keys`, { kind: "server", name: "app" }],
  ["a client key", "POST", `${place}/keys`, { kind: "client", name: "page" }],
  [
    "a freeze",
    "PUT",
    `${place}/freezes/night`,
    { name: "Night", from: "2027-12-24T00:00:00Z", until: "2027-12-27T00:00:00Z" },
  ],
  ["the drill", "PUT", `${place}/drill`, { everyHours: 24 }],
  ["the key of synthetic traffic", "GET", `${place}/synthetic-key`],
];

describe.each(["careful", "stagingOnly"] as const)("an engineer of staging who looks at production (%s)", (person) => {
  test.each(changing(PRODUCTION, "checkout"))("cannot change production: %s", async (_what, ...request) => {
    const before = await revision();
    const { status, json } = await call(person, ...request);
    expect([status, json.code]).toEqual([403, "forbidden"]);
    expect(json.detail).toMatch(/role (marketer|engineer) in production; yours there is viewer/);
    expect(await revision()).toBe(before);
  });

  test("changes staging", async () => {
    await done(person, "PATCH", `${STAGING}/flags/checkout`, { enabled: false });
    await done(person, "PATCH", `${STAGING}/flags/checkout`, { enabled: true });
    await done(person, "POST", `${STAGING}/keys`, { kind: "server", name: person });
  });

  test("cannot start, hurry or roll back a plan in production", async () => {
    for (const verb of ["start", "pause", "resume", "advance", "rollback"])
      expect((await call(person, "POST", `${PRODUCTION}/flags/checkout/plan/${verb}`, {})).status).toBe(403);
  });

  test("cannot change what acts in production as well", async () => {
    const before = await revision();
    for (const [method, route, body] of [
      ["PATCH", "/flags/checkout", { offVariant: "on" }],
      ["PUT", "/flags/fresh", flag("release")],
      ["DELETE", "/flags/checkout"],
      ["POST", "/flags/archive", { flags: ["checkout"] }],
      ["PUT", "/segments/staff", { included: ["u1"] }],
      ["PUT", "/layers/pricing", {}],
      ["PUT", "/holdouts/q4", { share: 1_000 }],
      ["PUT", "/plan-templates/slow", { name: "Slow", stages }],
      ["POST", "/webhooks", { name: "x", url: "https://example.com/x", events: ["flag.killed"] }],
      ["DELETE", PRODUCTION],
      ["PUT", "/environments/qa", {}],
      ["DELETE", ""],
      ["GET", "/backup"],
    ] as [string, string, unknown?][])
      expect([method, route, (await call(person, method, route, body)).status]).toEqual([method, route, 403]);
    expect(await revision()).toBe(before);
  });
});

describe("ways round that name no environment", () => {
  test("an import, its dry run too: 403 names the environment, the role needed and the role held", async () => {
    const document = await done("admin", "GET", "/export");
    document.states.production.checkout.enabled = false;
    const before = await revision();
    for (const query of ["", "?dryRun=true"]) {
      const { status, json } = await call("careful", "POST", `/import${query}`, document);
      expect([status, json.code]).toEqual([403, "forbidden"]);
      expect(json.detail).toContain("this needs the role engineer in production");
      expect(json.detail).toContain("yours in production is viewer");
      expect(json.errors).toEqual([
        { field: "states.production.checkout", message: "needs the role engineer in production" },
      ]);
    }
    expect(await revision()).toBe(before);
  });

  test("a revert", async () => {
    const before = await revision();
    await done("admin", "PATCH", `${PRODUCTION}/flags/checkout`, { killVariant: "on" });
    expect((await call("careful", "POST", "/revert", { version: before })).status).toBe(403);
    expect((await call("careful", "POST", "/revert", { version: before, dryRun: true })).status).toBe(403);
    await done("admin", "POST", "/revert", { version: before });
    const staged = await revision();
    await done("careful", "PATCH", `${STAGING}/flags/checkout`, { killVariant: "on" });
    await done("careful", "POST", "/revert", { version: staged });
  });

  test("a deployment that is said to have been in production", async () => {
    const told = (environment: string) => ({ id: `d-${environment}`, environment, version: "v1", status: "success" });
    expect((await call("careful", "POST", "/deployments", told("production"))).status).toBe(403);
    expect((await call("careful", "POST", "/deployments", told("staging"))).status).toBeLessThan(300);
  });

  test("making a token, a sign-in link, or roles of one's own", async () => {
    const { id } = tokens.get("careful") as { id: string };
    for (const [method, path, body] of [
      ["POST", "/tokens", { name: "x", role: "engineer", project: "shop" }],
      ["PUT", `/tokens/${id}/role`, { role: "engineer" }],
      ["POST", "/session/links"],
    ] as [string, string, unknown?][])
      expect((await send(server, method, path, { token: tokenOf("careful"), body })).status).toBe(403);
  });
});

describe("a marketer of production, and nothing else", () => {
  test("changes tests there", async () => {
    await done("tester", "PATCH", `${PRODUCTION}/flags/gift`, { enabled: false });
    await done("tester", "PATCH", `${PRODUCTION}/flags/gift`, { enabled: true });
    await done("tester", "POST", `${PRODUCTION}/flags/gift/kill`, {});
    await done("tester", "POST", `${PRODUCTION}/flags/gift/restore`, {});
  });

  test("changes no other flag there, and nothing in staging", async () => {
    const { status, json } = await call("tester", "PATCH", `${PRODUCTION}/flags/checkout`, { enabled: false });
    expect(status).toBe(403);
    expect(json.detail).toContain("the role engineer in production");
    expect(json.detail).toContain("yours in production is marketer");
    for (const [, ...request] of changing(STAGING, "gift"))
      expect([request[1], (await call("tester", ...request)).status]).toEqual([request[1], 403]);
  });

  test("publishes no hidden release by making a public test depend on it", async () => {
    await done("admin", "PUT", "/flags/door", flag("experiment", "public"));
    const asks = { prerequisites: [{ flag: "checkout", variants: ["on"] }] };
    const route = `${PRODUCTION}/flags/door?acknowledge=exposes-hidden-flag`;
    expect((await call("tester", "PATCH", route, asks)).status).toBe(403);
  });
});

describe("what is made from a token", () => {
  test("a session has its roles, shows them, and follows a change of them at once", async () => {
    const { id, token } = await newToken(PEOPLE.careful);
    const cookie = (await signIn(server, { token })) ?? "";
    const state = `/projects/shop${PRODUCTION}/flags/checkout`;
    const patch = () => send(server, "PATCH", state, { cookie, body: { killVariant: "on" } });
    const who = async () => (await send(server, "GET", "/session", { cookie })).json;
    expect(await who()).toMatchObject(PEOPLE.careful);
    expect((await patch()).status).toBe(403);
    const set = await must(server, "PUT", `/tokens/${id}/role`, { role: "engineer" });
    expect(set).not.toHaveProperty("environments");
    expect((await patch()).status).toBe(200);
    await must(server, "PUT", `/tokens/${id}/role`, { role: "marketer", environments: { staging: "admin" } });
    expect((await patch()).status).toBe(403);
    expect(await who()).toMatchObject({ role: "marketer", environments: { staging: "admin" } });
    const { sessions } = await must(server, "GET", "/sessions");
    expect(sessions.find((one: { who: { id: string } }) => one.who.id === id)).toMatchObject({
      role: "marketer",
      environments: { staging: "admin" },
    });
    const { rows } = await must(server, "GET", "/security-log?kind=role.changed");
    const own = rows
      .filter((row: { subject: string }) => row.subject === id)
      .map((row: { details: object }) => row.details);
    expect(own).toContainEqual(expect.objectContaining({ role: "marketer, staging: admin", before: "engineer" }));
    expect(own).toContainEqual(expect.objectContaining({ role: "engineer", before: "engineer, production: viewer" }));
  });

  test("a rotated token has its roles, and lists show them", async () => {
    const { id } = await newToken(PEOPLE.tester);
    const next = await must(server, "POST", `/tokens/${id}/rotate`, { graceSeconds: 0 });
    const { tokens: listed } = await must(server, "GET", "/tokens");
    expect(listed.find((one: { id: string }) => one.id === next.id)).toMatchObject(PEOPLE.tester);
    const state = `/projects/shop${PRODUCTION}/flags/checkout`;
    expect((await send(server, "PATCH", state, { token: next.token, body: { enabled: true } })).status).toBe(403);
  });

  test("a request that is sent again after its sender lost the role changes nothing", async () => {
    const { id, token } = await newToken({ role: "engineer" });
    const path = `${server.url}/api/v1/projects/shop`;
    const headers = {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "idempotency-key": "again",
    };
    const patch = (value: string) =>
      fetch(`${path}${PRODUCTION}/flags/checkout`, {
        method: "PATCH",
        headers,
        body: JSON.stringify({ killVariant: value }),
      });
    expect((await patch("off")).status).toBe(200);
    await must(server, "PUT", `/tokens/${id}/role`, PEOPLE.careful);
    await done("admin", "PATCH", `${PRODUCTION}/flags/checkout`, { killVariant: "on" });
    const before = await revision();
    expect((await patch("off")).status).toBe(403);
    expect(await revision()).toBe(before);
  });

  test("the audit names the role that admitted a change", async () => {
    const before = await revision();
    await done("stagingOnly", "PATCH", `${STAGING}/flags/gift`, { killVariant: "on" });
    const { rows } = await done("admin", "GET", `/audit?after=${before}`);
    expect(rows[0]).toMatchObject({ revision: before + 1, actor: { role: "engineer" } });
  });

  test("a schedule made in staging is applied there and names no other role than its maker's there", async () => {
    const at = new Date(Date.now() + 2_000).toISOString();
    const route = `${STAGING}/flags/checkout`;
    await done("stagingOnly", "POST", `${route}/schedules`, { at, patch: { killVariant: "off" } });
    await expect
      .poll(async () => (await done("admin", "GET", route)).killVariant, { timeout: 60_000, interval: 250 })
      .toBe("off");
  });
});

test("roles that could not be meant are refused, naming the field", async () => {
  const refused = async (body: object, field: string) => {
    const response = await server.admin("/tokens", { method: "POST", body: { name: "x", project: "shop", ...body } });
    const json = (await response.json()) as { errors?: { field: string }[] };
    return [response.status, json.errors?.some((one) => one.field.startsWith(field))];
  };
  expect(await refused({ role: "engineer", environments: { prodution: "viewer" } }, "environments.prodution")).toEqual([
    422,
    true,
  ]);
  expect(await refused({ role: "admin", environments: { production: "viewer" } }, "environments")).toEqual([422, true]);
  expect(await refused({ role: "viewer", environments: { production: "boss" } }, "environments.production")).toEqual([
    422,
    true,
  ]);
  const many = Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`e${index}`, "viewer"]));
  expect(await refused({ role: "engineer", environments: many }, "environments")).toEqual([422, true]);
});
