import { beforeAll, describe, expect, test } from "vitest";
import { cacheRoot } from "./evaluation/edge/centre-cache.ts";
import { addBreakGlassKill, readBreakGlass } from "./kv/break-glass.ts";
import { auditHash, GENESIS } from "./objects/flag-store/audit.ts";
import { env } from "./testing/bindings.ts";
import { api, done, evaluate, fan, fetched, newShop } from "./testing/http.ts";
import { LONGEST, longestName, newName, PRODUCTION } from "./testing/names.ts";

const HEX = "0".repeat(40);
let shop: Awaited<ReturnType<typeof newShop>>;

beforeAll(async () => {
  shop = await newShop();
  // From now on the data centre's cache holds entries of this project.
  expect((await evaluate(shop.client, { context: fan })).status).toBe(200);
});

const kept = async (path: string): Promise<string | undefined> =>
  (await caches.default.match(`${cacheRoot()}/${path}`))?.text();

describe("a name in a URL that would lead into another project's entry of the cache", () => {
  test.each(["pointer", "claim", "break-glass", "last"])("leaves %s as it was", async (kind) => {
    const victim = `${kind}/${shop.project}${kind === "last" ? "/production" : ""}`;
    await caches.default.put(
      `${cacheRoot()}/${victim}`,
      new Response('"as it was"', { headers: { "Cache-Control": "max-age=60" } }),
    );
    const path = encodeURIComponent(`../${victim}`);
    for (const name of [path, `${path}%23N`, `${path}%3FN`, encodeURIComponent(`x/../../${victim}#N`)]) {
      await fetched(`/ofrep/v1/streams/${name}/production?token=x`);
      await fetched(`/ofrep/v1/streams/${shop.project}/${name}?token=x`);
      await fetched(`/v1/ask/${name}/production/${crypto.randomUUID()}?wait=0`);
      await fetched(`/v1/ask/${shop.project}/${name}/${crypto.randomUUID()}?wait=0`);
    }
    expect(await kept(victim)).toBe('"as it was"');
  });

  test.each([
    ["a number", "1"],
    ["cut off", '{"environments":'],
    ["another project's pointer", '{"project":"other","epoch":1,"revision":9,"environments":{},"asOf":1}'],
    ["another project's kills", '{"project":"other","environments":{}}'],
    ["null", "null"],
    ["nothing", ""],
  ])("and an entry that holds %s counts as none", async (_what, body) => {
    const other = await newShop();
    for (const path of [`pointer/${other.project}`, `claim/${other.project}`, `break-glass/${other.project}`])
      await caches.default.put(
        `${cacheRoot()}/${path}`,
        new Response(body, { headers: { "Cache-Control": "max-age=60" } }),
      );
    expect(await evaluate(other.client, { flag: "public", context: fan })).toMatchObject({
      status: 200,
      json: { value: "yes" },
    });
  });
});

describe("a break-glass document that cannot be read", () => {
  const theKill = { id: "bg_1", flag: "public", serve: "off", revision: 1 };

  test.each([
    ["no JSON", "{", 0],
    ["another shape", "[1]", 0],
    ["a kill among others that is none", JSON.stringify({ environments: { production: [{ id: 7 }, theKill] } }), 1],
    ["a name that is none", JSON.stringify({ environments: { "../x": [theKill], production: [theKill] } }), 1],
  ])("(%s) stops no kill, and takes none along that can be read", async (_what, text, readable) => {
    const project = newName();
    await env.SNAPSHOTS.put(`break-glass/${project}`, text);
    const added = { id: "bg_2", flag: "targeted", serve: "off", revision: 2 };
    await addBreakGlassKill(env.SNAPSHOTS, project, PRODUCTION, added);
    const { environments } = await readBreakGlass(env.SNAPSHOTS, project);
    expect(environments.production).toEqual([theKill, added].slice(1 - readable));
  });
});

describe("names as long as they may be", () => {
  test("are published, evaluated, changed and taken away", async () => {
    const [project, environment] = [longestName(), longestName()];
    expect([project.length, environment.length]).toEqual([LONGEST, LONGEST]);
    const at = `/projects/${project}`;
    await done("PUT", at, { environments: [environment] });
    const flag = "f".repeat(100);
    await done("PUT", `${at}/flags/${flag}`, {
      type: "boolean",
      variants: { on: true, off: false },
      offVariant: "off",
      visibility: "public",
    });
    const { key } = await done("POST", `${at}/environments/${environment}/keys`, { kind: "client", name: "web" });
    await done("PUT", `${at}/environments/${environment}/flags/${flag}`, {
      enabled: true,
      fallthrough: { variant: "on" },
    });
    expect((await evaluate(key, { flag, context: fan })).json).toMatchObject({ value: true });
    await done("POST", `${at}/environments/${environment}/flags/${flag}/kill`, {});
    expect((await evaluate(key, { flag, context: fan })).json).toMatchObject({ value: false });
    await done("POST", `${at}/environments/${environment}/flags/${flag}/restore`, {});
    expect((await evaluate(key, { flag, context: fan })).json).toMatchObject({ value: true });
    const { url } = await done("POST", `${at}/environments/${environment}/flags/${flag}/triggers`, { name: "pager" });
    expect((await fetched(new URL(url).pathname, { method: "POST", body: "" })).json).toMatchObject({
      outcome: "killed",
    });
    await done("PUT", `${at}/segments/${"s".repeat(100)}`, {});
    await done("DELETE", `${at}/environments/${environment}`);
    expect((await evaluate(key, { flag, context: fan })).status).toBe(401);
  });

  test.each([1, 36, 37, 38, 39, 40])("an environment with a name of %d characters is published", async (length) => {
    const project = newName();
    const environment = "e".repeat(length);
    await done("PUT", `/projects/${project}`, { environments: [environment] });
    const { key } = await done("POST", `/projects/${project}/environments/${environment}/keys`, {
      kind: "server",
      name: "api",
    });
    expect((await evaluate(key, { context: fan })).status).toBe(200);
  });

  test("of a project and of a demand test are counted, asked and watched", async () => {
    const [project, environment] = [longestName(), longestName()];
    const at = `/projects/${project}/environments/${environment}`;
    await done("PUT", `/projects/${project}`, { environments: [environment] });
    for (const path of ["/desk", "/guards", "/propagation", "/usage", "/plans", "/tests", "/schedules", "/freezes"]) {
      const { status } = await api("GET", at + path);
      expect(`${path} ${status < 500}`).toBe(`${path} true`);
    }
    const { key } = await done("POST", `${at}/keys`, { kind: "server", name: "api" });
    const event = {
      id: crypto.randomUUID(),
      type: "conversion",
      unit: { targetingKey: "u1" },
      time: Date.now(),
      metric: "m",
    };
    const sent = await fetched("/v1/events", {
      method: "POST",
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
      body: JSON.stringify({ batchId: crypto.randomUUID(), events: [event] }),
    });
    expect(sent).toMatchObject({ status: 202, json: { accepted: 1 } });
  });
});

describe("a backup", () => {
  async function backupOf(at: string) {
    const rows: Record<string, unknown>[] = [];
    for (let cursor: string | null = null; ; ) {
      const page: { rows: Record<string, unknown>[]; next: string | null } = await done(
        "GET",
        `${at}/backup${cursor === null ? "" : `?cursor=${encodeURIComponent(cursor)}`}`,
      );
      rows.push(...page.rows);
      if (page.next === null) return rows;
      cursor = page.next;
    }
  }
  const restored = (at: string, rows: unknown[]) =>
    api("POST", `${at}/restore`, { part: 0, rows, last: true, replace: true });

  const killRow = (more: object) => ({
    entity: "kill",
    environment: "production",
    key: "kill-1",
    body: JSON.stringify({
      ...{ flag: "public", serve: "on", revision: 1, comment: "", by: "x", at: "2026-11-30T00:00:00.000Z" },
      ...more,
    }),
  });

  test.each([
    ["whose store would be another project's", { row: "meta", name: "project" }, { value: "somebody-else" }],
    ["that holds another project", { row: "document", entity: "project" }, { key: "somebody-else" }],
    ["with a document that is no JSON", { row: "document", entity: "flag" }, { body: "{" }],
    ["with an audit that is no JSON", { row: "audit" }, { changes: "{" }],
    ["with an environment that is no name", { row: "document", entity: "environment" }, { key: "../x" }],
    ["with a state in an environment that is no name", { row: "document", entity: "state" }, { environment: "../x" }],
    ["with a flag that is no key", { row: "document", entity: "flag" }, { key: "../x" }],
    ["with a flag that every object has", { row: "document", entity: "flag" }, { key: "__proto__" }],
    ["with an entity that every object has", { row: "document", entity: "flag" }, { entity: "constructor" }],
    ["with an entity that every object has", { row: "document", entity: "flag" }, { entity: "toString" }],
    ["with an epoch that no later one follows", { row: "header" }, { epoch: Number.MAX_SAFE_INTEGER }],
    ["with a document of a later revision", { row: "document", entity: "flag" }, { revision: 1_000_000 }],
    ["with a version that no later one follows", { row: "document", entity: "flag" }, { version: 2 ** 53 - 1 }],
    ["with a kill that outranks later ones", { row: "document", entity: "flag" }, killRow({ revision: 9e15 })],
    ["with a kill that none lifts", { row: "document", entity: "flag" }, killRow({ clearedRevision: 9e15 })],
    ["with a document made in no year there is", { row: "document", entity: "project" }, { created_at: 2 ** 53 - 1 }],
    ["with a document changed before there were dates", { row: "document", entity: "flag" }, { updated_at: -1 }],
    ["with a sealing secret that edges refuse", { row: "meta", name: "seal_key" }, { value: "x" }],
    ["with a document twice", { row: "document", entity: "flag" }, { key: "targeted" }],
  ])("%s is refused, and changes nothing", async (_what, which, change) => {
    const rows = await backupOf(shop.at);
    const index = rows.findIndex((row) => Object.entries(which).every(([name, value]) => row[name] === value));
    expect(index).toBeGreaterThanOrEqual(0);
    const answer = await restored(shop.at, rows.with(index, { ...rows[index], ...change }));
    expect(answer).toMatchObject({ status: 422, json: { errors: [{ field: "rows" }] } });
    expect(await backupOf(shop.at)).toMatchObject([{ revision: rows[0]?.revision }, ...rows.slice(1)]);
  });

  test("without the project itself is refused, and changes nothing", async () => {
    const rows = await backupOf(shop.at);
    const others = rows.filter(({ row, entity }) => row !== "document" || entity !== "project");
    const refused = await restored(shop.at, others.with(-1, { row: "end", rows: others.length - 1 }));
    expect(refused).toMatchObject({ status: 422, json: { errors: [{ field: "rows" }] } });
    expect((await api("GET", shop.at)).status).toBe(200);
  });

  test.each([
    ["that nobody can have made", { actor: "null" }],
    ["that a number made", { actor: "5" }],
    ["of a change that is none", { changes: "[null]" }],
    ["of a change outside a list", { changes: '{"entity":"flag","environment":"","key":"x"}' }],
    [
      "of a change without a place",
      { changes: '[{"entity":"flag","environment":5,"key":[],"before":null,"after":1}]' },
    ],
    ["in no year there is", { at: 2 ** 53 - 1 }],
  ])("with a history %s is refused, its chain made to fit", async (_what, change) => {
    const rows = await backupOf(shop.at);
    let previous = GENESIS;
    let forged = false;
    for (const row of rows as Record<string, never>[]) {
      if (row.row !== "audit") continue;
      if (!forged) Object.assign(row, change);
      forged = true;
      const entry = { ...row, actor: JSON.parse(String(row.actor)), changes: JSON.parse(String(row.changes)) } as never;
      const hash = auditHash(previous, entry);
      Object.assign(row, { previous_hash: previous, hash });
      previous = hash;
    }
    const refused = await restored(shop.at, rows);
    expect(refused).toMatchObject({ status: 422, json: { errors: [{ field: "rows" }] } });
    expect((await api("GET", `${shop.at}/audit`)).status).toBe(200);
  });

  test("restored as it was taken is put in place", async () => {
    const rows = await backupOf(shop.at);
    expect(await restored(shop.at, rows)).toMatchObject({ status: 200, json: { done: true } });
    expect((await evaluate(shop.client, { flag: "public", context: fan })).json).toMatchObject({ value: "yes" });
  });
});

test("an unparsable key is answered as an unknown one", async () => {
  const unknown = await evaluate(`bdc_nobody-${newName()}_production_${HEX}`);
  for (const name of ["..", "-a", "a-", "constructor", "prototype", "A", "a".repeat(41), "a/b", ""]) {
    for (const key of [`bdc_${name}_production_${HEX}`, `bdc_${shop.project}_${name}_${HEX}`]) {
      const { status, text } = await evaluate(key);
      expect({ name, status, text }).toEqual({ name, status: unknown.status, text: unknown.text });
    }
  }
});
