import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";

/*
 * Rights that one path checks and another does not. Each attack is made with a real token against a real server; what it
 * needs follows from the changes that it would make (worker/objects/flag-store/decide/rights.ts).
 */

type Role = "marketer" | "engineer" | "admin";
// biome-ignore lint/suspicious/noExplicitAny: answers of many routes, read by name
type Json = any;

let server: Server;
let tokens: Record<Role, string>;

const DAY_MS = 86_400_000;
const STATE = "/environments/production/flags";
const flag = (purpose: string, visibility: string) => ({
  type: "string",
  variants: { on: "on", off: "off" },
  offVariant: "off",
  purpose,
  visibility,
});
const on = { enabled: true, fallthrough: { variant: "on" } };
const asks = (key: string, variant = "on") => ({ prerequisites: [{ flag: key, variants: [variant] }] });

beforeAll(async () => {
  server = await startServer();
  await call("admin", "PUT", "", { environments: ["staging", "production"] });
  const made = await Promise.all((["marketer", "engineer", "admin"] as const).map(newToken));
  tokens = Object.fromEntries(made) as typeof tokens;
});
afterAll(async () => {
  await server?.stop();
});

async function newToken(role: Role): Promise<[Role, string]> {
  const body = { name: `a ${role}`, role, project: "shop" };
  const response = await server.admin("/tokens", { method: "POST", body });
  return [role, ((await response.json()) as { token: string }).token];
}

/** A request to the project, by the token of a role that is bound to it. */
async function call(
  role: Role,
  method: string,
  route: string,
  body?: unknown,
): Promise<{ status: number; json: Json }> {
  const headers = tokens ? { Authorization: `Bearer ${tokens[role]}` } : undefined;
  const response = await server.admin(`/projects/shop${route}`, { method, body, ...(headers ? { headers } : {}) });
  return { status: response.status, json: response.status === 204 ? null : await response.json() };
}
async function done(...request: Parameters<typeof call>): Promise<Json> {
  const { status, json } = await call(...request);
  if (status >= 300) throw new Error(`${request.slice(0, 3).join(" ")}: ${status} ${JSON.stringify(json)}`);
  return json;
}
const revision = async (): Promise<number> => (await done("admin", "GET", "")).revision;

/** A flag that is on for everybody in production. */
async function live(key: string, purpose: string, visibility: string, state: object = on): Promise<void> {
  await done("engineer", "PUT", `/flags/${key}`, flag(purpose, visibility));
  await done("engineer", "PUT", `${STATE}/${key}?acknowledge=exposes-hidden-flag`, state);
}

/** What a stranger with the page's key is served of a flag; undefined: it is not there for them. */
async function stranger(key: string): Promise<unknown> {
  const made = await done("engineer", "POST", "/environments/production/keys", { kind: "client", name: "page" });
  for (let turn = 0; ; turn++) {
    const response = await fetch(`${server.url}/ofrep/v1/evaluate/flags/${key}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${made.key}`, "Content-Type": "application/json" },
      body: JSON.stringify({ context: { targetingKey: "u1" } }),
    });
    if (response.status !== 401 || turn > 100) return ((await response.json()) as { value?: unknown }).value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe("an engineer makes an environment by import, though the route is for admins", () => {
  const document = {
    format: "blastdoor-export-1",
    project: "shop",
    environments: { production: {}, qa: { name: "QA" } },
    flags: { imported: flag("release", "server-only") },
    states: { qa: { imported: on } },
  };

  test.each(["false", "true"])(
    "refused, with the field and the role, and nothing is done (dryRun=%s)",
    async (dryRun) => {
      const before = await revision();
      const { status, json } = await call("engineer", "POST", `/import?dryRun=${dryRun}`, document);
      expect([status, json.code]).toEqual([403, "forbidden"]);
      expect(json.detail).toBe('environment "qa" would be created: this needs the role admin; yours is engineer.');
      expect(json.errors).toEqual([{ field: "environments.qa", message: "needs the role admin" }]);
      expect(await revision()).toBe(before);
      expect((await call("engineer", "GET", "/flags/imported")).status).toBe(404);
      expect((await call("engineer", "PUT", "/environments/qa", {})).status).toBe(403);
    },
  );

  test("an admin may, and an engineer imports whatever else they may change", async () => {
    expect((await call("admin", "POST", "/import?dryRun=true", document)).status).toBe(200);
    const { qa: _, ...environments } = document.environments;
    const without = { ...document, environments, states: { production: { imported: on } } };
    expect((await call("engineer", "POST", "/import", without)).status).toBe(200);
  });

  test("a body that names another project touches the token's own only", async () => {
    await server.admin("/projects/other", { method: "PUT", body: {} });
    const theirs = {
      ...document,
      project: "other",
      environments: {},
      states: {},
      flags: { theirs: document.flags.imported },
    };
    expect((await call("engineer", "POST", "/import", theirs)).status).toBe(200);
    expect((await server.admin("/projects/other/flags/theirs")).status).toBe(404);
    const headers = { Authorization: `Bearer ${tokens.admin}` };
    for (const route of ["import", "revert", "restore", "webhooks", "deployments"])
      expect((await server.admin(`/projects/other/${route}`, { method: "POST", body: {}, headers })).status).toBe(403);
  });
});

describe("a marketer publishes a hidden release flag's state", () => {
  beforeAll(async () => {
    await live("secret-launch", "release", "server-only");
    await live("door", "experiment", "public");
  });
  const expose = (to: string, acknowledge = "?acknowledge=exposes-hidden-flag") =>
    call("marketer", "PATCH", `${STATE}/${to}${acknowledge}`, asks("secret-launch", "off"));
  const named = 'the state of the hidden release flag "secret-launch" could be read with a client key';

  test("by a prerequisite and acknowledge=…: refused, and strangers are served what they were", async () => {
    const { status, json } = await expose("door");
    expect([status, json.code]).toEqual([403, "forbidden"]);
    expect(json.detail).toBe(`${named}: this needs the role engineer; yours is marketer.`);
    expect(json.errors).toEqual([{ field: "flags.secret-launch.visibility", message: "needs the role engineer" }]);
    expect(await stranger("door")).toBe("on");
    // Without it, too: nobody is asked to acknowledge what they may not.
    expect((await expose("door", "")).status).toBe(403);
  });

  test("by a targeted flag, which needs no acknowledgement: its being there tells", async () => {
    await live("hint", "dark-launch", "targeted");
    expect((await expose("hint", "")).json.detail).toContain(named);
    expect(await stranger("hint")).toBe("on");
  });

  test("in two steps: out of sight first, visible afterwards", async () => {
    await live("later", "experiment", "server-only");
    expect((await expose("later")).status).toBe(200);
    const show = (visibility: string) =>
      call("marketer", "PATCH", "/flags/later?acknowledge=exposes-hidden-flag", { visibility });
    expect([(await show("public")).status, (await show("targeted")).status]).toEqual([403, 403]);
    expect(await stranger("later")).toBeUndefined();
  });

  test("by a test's audience, and by a schedule", async () => {
    const settings = {
      kind: "fake-door",
      audience: { flag: "secret-launch", variants: ["on"] },
      share: 1_000,
      bar: 0.03,
      targetPeople: 1_000,
      wording: { message: "Not yet.", thanks: "Thanks" },
    };
    const made = await call("marketer", "PUT", `${STATE}/gift/test?acknowledge=exposes-hidden-flag`, { settings });
    expect([made.status, made.json.code]).toEqual([403, "forbidden"]);
    const at = new Date(Date.now() + DAY_MS).toISOString();
    const schedule = { at, patch: asks("secret-launch") };
    const planned = await call("marketer", "POST", `${STATE}/door/schedules?acknowledge=exposes-hidden-flag`, schedule);
    expect([planned.status, planned.json.code]).toEqual([403, "forbidden"]);
  });

  test("of a hidden test it is theirs to say, of a release an engineer's", async () => {
    await live("hidden-test", "dark-launch", "server-only");
    const own = call("marketer", "PATCH", `${STATE}/door?acknowledge=exposes-hidden-flag`, asks("hidden-test"));
    expect((await own).status).toBe(200);
    const theirs = `${STATE}/door?acknowledge=exposes-hidden-flag`;
    expect((await call("engineer", "PATCH", theirs, asks("secret-launch"))).status).toBe(200);
  });
});

describe("a marketer falsifies the delivery figures", () => {
  const figures = async () => {
    const { from: _, to: __, ...rest } = await done("marketer", "GET", "/dora?environment=production&days=30");
    return rest;
  };
  const LONG_AGO = "2024-01-01T00:00:00Z";

  test("by an onset of 2024: refused with the field; without it, the kill goes through", async () => {
    await live("demand", "experiment", "public");
    const { status, json } = await call("marketer", "POST", `${STATE}/demand/kill`, { onsetAt: LONG_AGO });
    expect([status, json.code, json.errors]).toEqual([
      403,
      "forbidden",
      [{ field: "onsetAt", message: "needs the role engineer" }],
    ]);
    expect((await call("marketer", "POST", `${STATE}/demand/kill`, {})).status).toBe(200);
  });

  test("by anything that they may do to tests: no figure moves", async () => {
    const before = await figures();
    await done("marketer", "PUT", "/flags/busy", flag("experiment", "public"));
    const { url } = await done("marketer", "POST", `${STATE}/busy/triggers`, { name: "Pager" });
    for (let round = 0; round < 3; round++) {
      await done("marketer", "PATCH", `${STATE}/busy`, { ...on, enabled: round > 0 });
      await done("marketer", "PATCH", `${STATE}/busy`, on);
      await done("marketer", "POST", `${STATE}/busy/kill`, {});
      await done("marketer", "POST", `${STATE}/busy/restore`, {});
    }
    // The maker of a trigger can call it, and say since when.
    const fired = await fetch(url, { method: "POST", body: JSON.stringify({ comment: "x", startedAt: LONG_AGO }) });
    expect(fired.status).toBe(200);
    expect((await done("marketer", "GET", `${STATE}/busy`)).kills).toHaveLength(1);
    expect(await figures()).toEqual(before);
  });

  test("an engineer states an onset that can be, and no other", async () => {
    await live("checkout", "release", "public");
    const kill = (onsetAt: string) => call("engineer", "POST", `${STATE}/checkout/kill`, { onsetAt });
    for (const wrong of [LONG_AGO, new Date(Date.now() + DAY_MS).toISOString()]) {
      const { status, json } = await kill(wrong);
      expect([status, json.code, json.errors[0].field]).toEqual([422, "invalid", "onsetAt"]);
    }
    expect((await kill(new Date(Date.now() - 60_000).toISOString())).status).toBe(200);
    const [incident] = (await figures()).incidents;
    expect(incident.flag).toBe("checkout");
    expect(Date.parse(incident.killedAt) - Date.parse(incident.onsetAt)).toBeLessThan(7 * DAY_MS);
  });
});

describe("a marketer changes whom a release serves, by the test that it depends on", () => {
  beforeAll(async () => {
    await live("exp", "experiment", "public");
    await live("release", "release", "public", { ...on, ...asks("exp") });
  });
  const patch = (body: object) => call("marketer", "PATCH", `${STATE}/exp`, body);

  test("refused, and the release named", async () => {
    const { status, json } = await patch({ fallthrough: { variant: "off" } });
    expect(status).toBe(403);
    expect(json.detail).toContain('what the release flag "release" serves');
    const seed = await call("marketer", "PATCH", "/flags/exp", { seed: "another" });
    const at = new Date(Date.now() + DAY_MS).toISOString();
    const later = await call("marketer", "POST", `${STATE}/exp/schedules`, {
      at,
      patch: { fallthrough: { variant: "off" } },
    });
    expect([seed.status, later.status]).toEqual([403, 403]);
    expect(await stranger("release")).toBe("on");
  });

  test("stopping it is always possible, and putting it back an engineer's", async () => {
    expect((await call("marketer", "POST", `${STATE}/exp/kill`, {})).status).toBe(200);
    expect((await call("marketer", "POST", `${STATE}/exp/restore`, {})).status).toBe(403);
    expect((await call("engineer", "POST", `${STATE}/exp/restore`, {})).status).toBe(200);
    expect((await patch({ enabled: false })).status).toBe(200);
    expect((await patch({ enabled: true })).status).toBe(403);
  });
});

test("what routes of their own refuse a marketer, no other command gives", async () => {
  const before = await revision();
  const attempts: [string, string, unknown][] = [
    ["POST", "/environments/production/keys", { kind: "server", name: "all" }],
    ["POST", `${STATE}/secret-launch/previews`, { variant: "on" }],
    ["PATCH", "/flags/secret-launch", { purpose: "experiment" }],
    ["PATCH", "/flags/door", { purpose: "release" }],
    ["POST", "/flags/archive", { flags: ["door", "secret-launch"] }],
    ["PUT", `${STATE}/secret-launch/guard`, { metrics: [{ name: "errors", kind: "error" }] }],
    ["POST", `${STATE}/secret-launch/triggers`, { name: "mine" }],
    ["POST", "/deployments", { environment: "production", version: "1" }],
    ["PUT", "/layers/fake-doors", { by: "account" }],
    ["POST", "/revert", { version: 1 }],
  ];
  for (const [method, route, body] of attempts) {
    const { status, json } = await call("marketer", method, route, body);
    expect([route, status, json.code]).toEqual([route, 403, "forbidden"]);
  }
  expect(await revision()).toBe(before);
});

test("a backup whose rows name another project is not put in place under this one's name", async () => {
  const rows: Json[] = [];
  for (let cursor: string | null = null; ; ) {
    const page: Json = await done("admin", "GET", `/backup${cursor === null ? "" : `?cursor=${cursor}`}`);
    rows.push(...page.rows);
    cursor = page.next;
    if (cursor === null) break;
  }
  const restore = (sent: Json[]) =>
    call("admin", "POST", "/restore", { part: 0, rows: sent, last: true, replace: true });
  const renamed = rows.map((row) => (row.row === "meta" && row.name === "project" ? { ...row, value: "other" } : row));
  const moved = rows.map((row) =>
    row.row === "document" && row.entity === "project" ? { ...row, key: "other" } : row,
  );
  for (const forged of [renamed, moved]) {
    const { status, json } = await restore(forged);
    expect([status, json.errors]).toEqual([422, [{ field: "rows", message: 'the rows are of "other"' }]]);
  }
  expect((await restore(rows)).status).toBe(200);
});
