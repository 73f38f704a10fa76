import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";
import { call, isSignedIn, must, newToken, signIn } from "./administration.ts";

let server: Server;

beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  await server?.stop();
});

const FLAG = { type: "string", variants: { on: "new", off: "old" }, offVariant: "off", visibility: "public" };
const STATE = { enabled: true, fallthrough: { variant: "off" } };

/** A project with one flag, on in production; and everything it gives out. */
async function newProject(project: string) {
  const at = `/projects/${project}`;
  const there = `${at}/environments/production`;
  await must(server, "PUT", at, { environments: ["production"] });
  await must(server, "PUT", `${at}/flags/checkout`, FLAG);
  await must(server, "PUT", `${there}/flags/checkout`, STATE);
  const key = async (kind: string): Promise<string> =>
    (await must(server, "POST", `${there}/keys`, { kind, name: kind })).key;
  return { at, there, client: await key("client"), server: await key("server") };
}

const evaluate = async (key: string, context: object = { targetingKey: "u1" }) => {
  const response = await fetch(`${server.url}/ofrep/v1/evaluate/flags`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ context }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: an answer read by name
  return { status: response.status, json: (await response.json()) as any };
};
/** Edges of other isolates follow within two seconds. */
const settled = (key: string, status: number) => expect.poll(async () => (await evaluate(key)).status).toBe(status);

test("a project made under the name of a deleted one is opened by nothing of the old one", async () => {
  const old = await newProject("shop");
  const engineer = await newToken(server, "engineer", "shop");
  const admin = await newToken(server, "admin", "shop");
  const everywhere = await newToken(server, "engineer");
  const cookie = (await signIn(server, { token: engineer.token })) as string;
  const trigger = await must(server, "POST", `${old.there}/flags/checkout/triggers`, { name: "Alerts" });
  const preview = await must(server, "POST", `${old.there}/flags/checkout/previews`, { variant: "on" });
  const bulk = await evaluate(old.client);
  const stream: string = bulk.json.eventStreams[0].endpoint.requestUri;
  const shown = await evaluate(old.client, { targetingKey: "u1", blastdoorPreview: preview.token });
  expect(shown.json.flags[0].value).toBe("new");

  await must(server, "DELETE", "/projects/shop");
  // At once, and not when the next project of the name is made.
  const { tokens } = await must(server, "GET", "/tokens");
  const left = tokens.map(({ id }: { id: string }) => id);
  expect([left.includes(engineer.id), left.includes(admin.id), left.includes(everywhere.id)]).toEqual([
    false,
    false,
    true,
  ]);

  const made = await newProject("shop");
  for (const token of [engineer.token, admin.token])
    expect((await call(server, "GET", "/projects/shop", { token })).status).toBe(401);
  expect(await isSignedIn(server, cookie)).toBe(false);
  expect(await signIn(server, { token: engineer.token })).toBeNull();
  expect((await call(server, "GET", "/projects/shop", { token: everywhere.token })).status).toBe(200);
  await settled(made.client, 200);
  for (const key of [old.client, old.server]) expect((await evaluate(key)).status).toBe(401);
  expect((await fetch(server.url + stream)).status).toBe(401);
  const previewed = await evaluate(made.client, { targetingKey: "u1", blastdoorPreview: preview.token });
  expect(previewed.json.flags[0].value).toBe("old");
  const called = await fetch(`${server.url}/v1/triggers/${trigger.token}`, { method: "POST" });
  expect(called.status).toBe(404);
});

test("nor by a token that was made in the last moment", async () => {
  await newProject("last");
  const [tokens] = await Promise.all([
    Promise.all(
      Array.from({ length: 10 }, () =>
        call(server, "POST", "/tokens", {
          token: server.adminToken,
          body: { name: "t", role: "viewer", project: "last" },
        }),
      ),
    ),
    must(server, "DELETE", "/projects/last"),
  ]);
  await newProject("last");
  for (const { status, json } of tokens) {
    if (status === 201) expect((await call(server, "GET", "/projects/last", { token: json.token })).status).toBe(401);
    else expect([status, json.errors[0].field]).toEqual([422, "project"]);
  }
});

test("a token for a project that does not exist is refused, naming the field", async () => {
  const body = { name: "early", role: "engineer", project: "to-come" };
  const refused = await call(server, "POST", "/tokens", { token: server.adminToken, body });
  expect([refused.status, refused.json.code, refused.json.errors]).toEqual([
    422,
    "invalid",
    [{ field: "project", message: expect.stringContaining("to-come") }],
  ]);
});

test("an environment made under the name of a deleted one is opened by nothing of the old one", async () => {
  const old = await newProject("places");
  const other = await must(server, "PUT", "/projects/places/environments/staging", {});
  expect(other.key).toBe("staging");
  const trigger = await must(server, "POST", `${old.there}/flags/checkout/triggers`, { name: "Alerts" });
  const stream: string = (await evaluate(old.client)).json.eventStreams[0].endpoint.requestUri;
  await must(server, "DELETE", "/projects/places/environments/production");
  await must(server, "PUT", "/projects/places/environments/production", {});
  const { key } = await must(server, "POST", `${old.there}/keys`, { kind: "client", name: "new" });
  await settled(key, 200);
  for (const before of [old.client, old.server]) expect((await evaluate(before)).status).toBe(401);
  expect((await fetch(server.url + stream)).status).toBe(401);
  expect((await fetch(`${server.url}/v1/triggers/${trigger.token}`, { method: "POST" })).status).toBe(404);
});

test("a flag that takes over an archived one's key is not killed by the old one's triggers", async () => {
  const { at, there } = await newProject("reused");
  const trigger = await must(server, "POST", `${there}/flags/checkout/triggers`, { name: "Alerts" });
  await must(server, "DELETE", `${at}/flags/checkout`);
  await must(server, "PUT", `${at}/flags/checkout?reuse=true`, FLAG);
  expect((await fetch(`${server.url}/v1/triggers/${trigger.token}`, { method: "POST" })).status).toBe(404);
  expect((await must(server, "GET", `${there}/flags/checkout`)).kills).toEqual([]);
});

test("an administrator of one project makes no sign-in links, so none outlive the project", async () => {
  await newProject("linked");
  const { token } = await newToken(server, "admin", "linked");
  const cookie = (await signIn(server, { token })) as string;
  for (const by of [{ token }, { cookie }])
    expect((await call(server, "POST", "/session/links", by)).json.code).toBe("forbidden");
});

test("a project made under the name of a deleted one finds neither people at its doors nor questions at its desk", async () => {
  const { at, there, client } = await newProject("crowd");
  const words = { message: "Not here yet.", thanks: "Thank you" };
  const door = { kind: "fake-door", share: 100_000, wording: words, bar: 0.03, targetPeople: 10_000 };
  const oz = { kind: "wizard-of-oz", share: 100_000, deadlineSeconds: 3_600, fallback: "later" };
  const tests = async (environment: string) => {
    for (const [flag, settings] of [
      ["door", door],
      ["advice", oz],
    ] as const) {
      await must(server, "PUT", `${environment}/flags/${flag}/test`, { settings });
      await must(server, "POST", `${environment}/flags/${flag}/test/start`, {});
    }
  };
  await tests(there);
  await expect
    .poll(async () => {
      const asked = await fetch(`${server.url}/v1/ask/advice`, {
        method: "POST",
        headers: { authorization: `Bearer ${client}`, "content-type": "application/json" },
        body: JSON.stringify({ id: crypto.randomUUID(), input: "A secret", context: { targetingKey: "u1" } }),
      });
      return [asked.status, await asked.text()];
    })
    .toEqual([expect.any(Number), expect.stringContaining("waiting")]);
  expect((await must(server, "GET", `${there}/desk`)).requests.length).toBeGreaterThan(0);
  await must(server, "DELETE", at);
  await newProject("crowd");
  await tests(there);
  const { requests, figures } = await must(server, "GET", `${there}/desk`);
  expect([requests, figures]).toEqual([[], []]);
});

test("nobody of a project made under the name of a deleted one reads what that one did", async () => {
  const SECRET = "what the old project planned";
  const KILLED = "/environments/production/flags/checkout";
  const { at, there, server: serverKey } = await newProject("heir");
  await must(server, "PATCH", `${at}/flags/checkout`, { description: SECRET });
  await must(server, "PATCH", `${there}/flags/checkout`, { fallthrough: { variant: "on" } });
  await must(server, "POST", `${there}/flags/checkout/kill`, { comment: SECRET });
  const { revision } = await must(server, "GET", at);
  const before = await must(server, "GET", `${at}/dora`);
  expect([before.deploymentFrequency.releases, before.incidents.length]).toEqual([1, 1]);
  await settled(serverKey, 200);
  const event = { type: "exposure", flag: "checkout", variant: "on", unit: { targetingKey: "u1" } };
  await expect
    .poll(async () => {
      const sent = await fetch(`${server.url}/v1/events`, {
        method: "POST",
        headers: { authorization: `Bearer ${serverKey}`, "content-type": "application/json" },
        body: JSON.stringify({
          batchId: crypto.randomUUID(),
          events: [{ ...event, id: crypto.randomUUID(), time: Date.now() }],
        }),
      });
      const stats = await must(server, "GET", `${there}/events/stats`);
      return [sent.status, JSON.stringify(stats.stored), await sent.text()];
    })
    .toEqual([202, expect.stringContaining("exposure"), expect.any(String)]);
  const rows = (await must(server, "GET", `${at}/backup`)).rows;
  await must(server, "POST", `${at}/restore`, { part: 0, rows, last: false, replace: true });
  await must(server, "DELETE", at);
  await newProject("heir");
  const [viewer, engineer, admin] = await Promise.all(
    ["viewer", "engineer", "admin"].map(async (role) => (await newToken(server, role, "heir")).token),
  );
  const everywhere = (await newToken(server, "engineer")).token;
  for (const token of [viewer, engineer, admin, everywhere])
    for (const path of ["/audit?after=0", "/audit/search", "/audit/search?flag=checkout", "/export", "/dora", KILLED]) {
      const read = await call(server, "GET", `${at}${path}`, { token });
      expect([path, read.status, JSON.stringify(read.json).includes(SECRET)]).toEqual([path, 200, false]);
    }
  const [kill] = (await must(server, "GET", `${there}/flags/checkout`)).kills;
  expect(kill).toMatchObject({ comment: "", by: "a deleted project of this name" });
  const { rows: shown } = (await call(server, "GET", `${at}/audit`, { token: viewer })).json;
  expect(shown[0].action).toBe("putProject");
  // The chain goes on, and the administrator of the installation reads all of it.
  const whole = await must(server, "GET", `${at}/audit`);
  expect(JSON.stringify(whole)).toContain(SECRET);
  expect(whole.rows.find((row: { revision: number }) => row.revision === shown[0].revision)).toEqual(shown[0]);
  for (const dryRun of [true, false]) {
    const body = { version: revision, dryRun };
    const reverted = await call(server, "POST", `${at}/revert`, { token: engineer, body });
    expect([reverted.status, reverted.json.code]).toEqual([404, "revision-not-found"]);
  }
  for (const cursor of ["", "?cursor=audit:0"])
    expect((await call(server, "GET", `${at}/backup${cursor}`, { token: admin })).status).toBe(403);
  const body = { part: 1, rows: [], last: true, replace: true };
  expect((await call(server, "POST", `${at}/restore`, { token: admin, body })).json.errors[0].field).toBe("part");
  // Figures begin anew.
  const figures = await must(server, "GET", `${at}/dora?environment=production`);
  expect([figures.deploymentFrequency.releases, figures.incidents]).toEqual([0, []]);
  expect(
    (await must(server, "GET", `${there}/propagation`)).changes.map((one: { action: string }) => one.action),
  ).toEqual(expect.not.arrayContaining(["kill"]));
  const stats = await must(server, "GET", `${there}/events/stats`);
  expect([stats.stored, stats.traffic.all.exposures]).toEqual([{}, 0]);
});
