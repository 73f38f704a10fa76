import { env, SELF } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { LIST_SHARD_KEYS } from "../../../shared/limits.ts";
import type { Env } from "../../env.ts";

const bindings = env as unknown as Env;
const PROJECT = "http://blastdoor.test/api/v1/projects/lists";
const STATE = `${PROJECT}/environments/production`;
const authorization = { Authorization: `Bearer ${bindings.ADMIN_TOKEN}` };
let key = "";

async function call(method: string, url: string, body?: BodyInit | object, more: Record<string, string> = {}) {
  const raw = typeof body === "string";
  const headers = { ...authorization, "Content-Type": raw ? "text/plain" : "application/json", ...more };
  const sent = body === undefined ? {} : { body: raw ? body : JSON.stringify(body) };
  const response = await SELF.fetch(url, { method, headers, ...sent });
  const text = await response.text();
  // biome-ignore lint/suspicious/noExplicitAny: answers of several routes, read by name
  return { status: response.status, json: (text === "" ? null : JSON.parse(text)) as any };
}

const listUrl = (segment: string) => `${PROJECT}/segments/${segment}/list`;

/** Makes a segment and a flag that serves its members "on". */
async function segmentWithFlag(name: string): Promise<void> {
  await call("PUT", `${PROJECT}/segments/${name}`, { by: "targetingKey", excluded: ["banned"] });
  const definition = { type: "boolean", variants: { on: true, off: false }, offVariant: "off" };
  await call("PUT", `${PROJECT}/flags/${name}`, definition);
  const rules = [{ id: "r", when: { segment: name }, serve: { variant: "on" } }];
  await call("PUT", `${STATE}/flags/${name}`, { enabled: true, rules, fallthrough: { variant: "off" } });
}

/** What the edge serves, once it knows: a list's first read may take longer than an evaluation waits. */
async function served(flag: string, targetingKey: string): Promise<boolean | undefined> {
  const ask = async () => {
    const response = await SELF.fetch(`http://blastdoor.test/ofrep/v1/evaluate/flags/${flag}`, {
      method: "POST",
      headers: { "X-API-Key": key, "Content-Type": "application/json" },
      body: JSON.stringify({ context: { targetingKey } }),
    });
    return ((await response.json()) as { value?: boolean }).value;
  };
  await ask();
  await scheduler.wait(30);
  return ask();
}

beforeAll(async () => {
  await call("PUT", PROJECT, {});
  key = (await call("POST", `${STATE}/keys`, { kind: "server", name: "tests" })).json.key;
});

describe("a long list", () => {
  test("decides at the edge who is in its segment; exclusions still win", async () => {
    await segmentWithFlag("vip");
    expect((await call("GET", listUrl("vip"))).status).toBe(404);
    const put = await call("PUT", listUrl("vip"), "u1\nu2\nbanned\nu2\n");
    expect(put).toMatchObject({ status: 201, json: { segment: "vip", count: 3, version: 1 } });
    expect(await served("vip", "u1")).toBe(true);
    expect(await served("vip", "u3")).toBe(false);
    expect(await served("vip", "banned")).toBe(false);
    expect((await call("GET", `${PROJECT}/segments/vip`)).json).toMatchObject({ list: { count: 3 } });
    const { flags } = (await call("POST", `${STATE}/evaluate`, { context: { targetingKey: "u1" }, flag: "vip" })).json;
    expect(flags).toMatchObject([{ value: true, ruleId: "r" }]);
  });

  test("changes by PATCH: keys come and go, repetitions change nothing", async () => {
    await segmentWithFlag("beta");
    expect(await call("PATCH", listUrl("beta"), { add: ["a", "b"] })).toMatchObject({
      status: 201,
      json: { count: 2 },
    });
    const same = await call("PATCH", listUrl("beta"), { add: ["a"], remove: ["z"] });
    expect(same).toMatchObject({ status: 200, json: { count: 2, version: 1 } });
    await call("PATCH", listUrl("beta"), { add: ["c"], remove: ["a"] });
    expect([await served("beta", "a"), await served("beta", "b"), await served("beta", "c")]).toEqual([
      false,
      true,
      true,
    ]);
    expect((await call("PATCH", listUrl("beta"), { add: ["x"], remove: ["x"] })).status).toBe(422);
  });

  test("sent again as it stands changes nothing; another replaces it", async () => {
    await segmentWithFlag("again");
    await call("PUT", listUrl("again"), "u1\nu2");
    expect(await call("PUT", listUrl("again"), "u2\nu1\n")).toMatchObject({ status: 200, json: { version: 1 } });
    const put = await call("PUT", listUrl("again"), '"u3"\n4', { "Content-Type": "application/x-ndjson" });
    expect(put).toMatchObject({ status: 200, json: { version: 2, count: 2 } });
    expect([await served("again", "u1"), await served("again", "u3"), await served("again", "4")]).toEqual([
      false,
      true,
      true,
    ]);
  });

  test("of many shards grows by PATCH until it is divided anew, and loses nobody", async () => {
    await segmentWithFlag("many");
    const keys = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => `user-${from + index}`);
    const first = LIST_SHARD_KEYS * 2 - 100;
    await call("PUT", listUrl("many"), keys(0, first).join("\n"));
    const put = await call("PATCH", listUrl("many"), { add: keys(first, first + 9_000), remove: ["user-5"] });
    expect(put.json.count).toBe(first + 8_999);
    const more = await call("PATCH", listUrl("many"), { add: keys(first + 9_000, first + 18_000) });
    expect(more.json.count).toBe(first + 17_999);
    for (const user of [0, 4, 6, first - 1, first, first + 8_999, first + 17_999])
      expect([user, await served("many", `user-${user}`)]).toEqual([user, true]);
    for (const user of ["user-5", `user-${first + 18_000}`]) expect(await served("many", user)).toBe(false);
  });

  test("is refused with another type, for a segment that is not there, on a lost race and line by line", async () => {
    await segmentWithFlag("strict");
    const json = await call("PUT", listUrl("strict"), "[]", { "Content-Type": "application/json" });
    expect(json).toMatchObject({ status: 415, json: { code: "content-type" } });
    expect(await call("PUT", listUrl("nowhere"), "a")).toMatchObject({ json: { code: "segment-not-found" } });
    await call("PUT", listUrl("strict"), "a");
    const lost = await call("PUT", listUrl("strict"), "b", { "If-Match": '"7"' });
    expect(lost).toMatchObject({ status: 412, json: { code: "version-conflict" } });
    const long = await call("PUT", listUrl("strict"), `a\n${"x".repeat(2_000)}`);
    expect(long).toMatchObject({ status: 422, json: { errors: [{ field: "line 2" }] } });
    expect((await call("GET", listUrl("strict"))).json).toMatchObject({ count: 1, version: 1 });
  });

  test("repeated with the same Idempotency-Key counts once, and another list under that key is refused", async () => {
    await segmentWithFlag("once");
    const header = { "Idempotency-Key": "nightly-1" };
    await call("PUT", listUrl("once"), "a", header);
    await call("PATCH", listUrl("once"), { add: ["b"] });
    expect((await call("PUT", listUrl("once"), "a", header)).json).toMatchObject({ version: 1, count: 1 });
    expect((await call("GET", listUrl("once"))).json).toMatchObject({ version: 2, count: 2 });
    expect((await call("PUT", listUrl("once"), "c", header)).json.code).toBe("idempotency-key-reused");
  });

  test("goes with its segment, and by itself", async () => {
    await call("PUT", `${PROJECT}/segments/loose`, {});
    await call("PUT", listUrl("loose"), "a");
    expect((await call("DELETE", listUrl("loose"))).status).toBe(204);
    expect((await call("DELETE", listUrl("loose"))).json.code).toBe("list-not-found");
    await call("PUT", listUrl("loose"), "a");
    await call("DELETE", `${PROJECT}/segments/loose`);
    await call("PUT", `${PROJECT}/segments/loose`, {});
    expect((await call("GET", listUrl("loose"))).status).toBe(404);
  });

  test("leaves no key in the audit, the export or KV, and no hash key in the audit", async () => {
    await segmentWithFlag("quiet");
    await call("PUT", listUrl("quiet"), "someone@shop.example\nother@shop.example");
    await call("PATCH", listUrl("quiet"), { add: ["third@shop.example"] });
    const audit = JSON.stringify((await call("GET", `${PROJECT}/audit?limit=200`)).json);
    const exported = JSON.stringify((await call("GET", `${PROJECT}/export`)).json);
    expect(audit + exported).not.toContain("@shop.example");
    const { keys } = await bindings.SNAPSHOTS.list({ prefix: "snapshots/lists/production/" });
    const bodies = await Promise.all(keys.map(({ name }) => bindings.SNAPSHOTS.get(name)));
    const hashKeys = bodies.flatMap((body) =>
      // biome-ignore lint/suspicious/noExplicitAny: only the lists' keys are read
      Object.values(JSON.parse(body ?? "{}").segments ?? {}).flatMap((segment: any) => segment.list?.key ?? []),
    );
    expect(hashKeys.length).toBeGreaterThan(0);
    for (const hashKey of hashKeys) expect(audit).not.toContain(hashKey);
    expect(bodies.join()).not.toContain("@shop.example");
  });

  test("survives the loss of its shards in KV: the store has them", async () => {
    await segmentWithFlag("lost");
    await call("PUT", listUrl("lost"), "u1\nu2");
    const { keys } = await bindings.SNAPSHOTS.list({ prefix: "lists/lists/lost/" });
    expect(keys.length).toBe(1);
    for (const { name } of keys) await bindings.SNAPSHOTS.delete(name);
    expect(await served("lost", "u1")).toBe(true);
  });

  test("travels with a backup, whole or not at all", async () => {
    await segmentWithFlag("saved");
    await call("PUT", listUrl("saved"), "u1\nu2");
    // biome-ignore lint/suspicious/noExplicitAny: rows of a backup, of several kinds
    const rows: any[] = [];
    for (let cursor = ""; cursor !== null; ) {
      const page = (await call("GET", `${PROJECT}/backup${cursor && `?cursor=${cursor}`}`)).json;
      rows.push(...page.rows);
      cursor = page.next;
    }
    await call("PUT", listUrl("saved"), "u3");
    const lacking = rows.filter((row) => row.row !== "list" || row.segment !== "saved");
    const end = { row: "end", rows: lacking.length - 1 };
    const part = (sent: unknown[]) => ({ part: 0, rows: sent, last: true, replace: true });
    const refused = await call("POST", `${PROJECT}/restore`, part([...lacking.slice(0, -1), end]));
    expect(JSON.stringify(refused.json)).toContain('list of \\"saved\\" is missing');
    expect((await call("POST", `${PROJECT}/restore`, part(rows))).status).toBe(200);
    expect([await served("saved", "u1"), await served("saved", "u3")]).toEqual([true, false]);
    // The counter of versions went back with the backup; the epoch rose, so no key means two things.
    await call("PUT", listUrl("saved"), "u4");
    expect([await served("saved", "u1"), await served("saved", "u4")]).toEqual([false, true]);
  });
});
