import { beforeAll, describe, expect, test } from "vitest";
import { documentsOf } from "../../shared/blocks/block.ts";
import type { RulesAnswer } from "../../shared/rules/answer.ts";
import { CHANGE_MS, SLACK_MS } from "../../test/promises.ts";
import { api, done, fetched, newShop } from "../testing/http.ts";

let shop: Awaited<ReturnType<typeof newShop>>;
let keys: string;
let key: string;
beforeAll(async () => {
  shop = await newShop();
  keys = `${shop.at}/environments/production/keys`;
  key = (await done("POST", keys, { kind: "server", name: "checkout", rules: true })).key;
});

const read = (query = "reader=1", by: string | null = key, headers: Record<string, string> = {}) =>
  fetched(`/server/v1/rules?${query}`, {
    headers: by === null ? headers : { Authorization: `Bearer ${by}`, ...headers },
  });
const flagsOf = ({ texts }: RulesAnswer) =>
  Object.assign({}, ...Object.values(texts).map((text) => documentsOf(text).flags));
const within = { timeout: CHANGE_MS + SLACK_MS };

describe("the right to read rules", () => {
  test("is given to a server key when it is made, shown in lists, and handed on when the key is rotated", async () => {
    const listed = async () => (await done("GET", keys)).keys as { id: string; name: string; rules?: true }[];
    const made = (await listed()).filter(({ rules }) => rules);
    expect(made.map(({ name }) => name)).toEqual(["checkout"]);
    const rotated = await done("POST", `${keys}/${made[0]?.id}/rotate`, { graceSeconds: 3_600 });
    expect((await listed()).filter(({ rules }) => rules).map(({ id }) => id)).toContain(rotated.id);
    await expect.poll(async () => (await read("reader=1", rotated.key)).status, within).toBe(200);
  });

  test("no client key has it: 422 names the field", async () => {
    const { status, json } = await api("POST", keys, { kind: "client", name: "page", rules: true });
    expect([status, json.errors[0].field]).toEqual([422, "rules"]);
    expect((await api("POST", keys, { kind: "client", name: "page", rules: false })).status).toBe(201);
  });

  test.each(["client", "server"] as const)("an ordinary %s key is refused, and told the fix", async (kind) => {
    const { status, json } = await read("reader=1", shop[kind]);
    expect([status, json.code]).toEqual([403, "rules-not-allowed"]);
    expect(json.detail).toContain('"rules": true');
    for (const path of ["lists/vip/1-1/0", "usage"]) {
      const method = path === "usage" ? "POST" : "GET";
      const answer = await fetched(`/server/v1/${path}`, { method, headers: { "X-API-Key": shop[kind] } });
      expect(answer.status).toBe(403);
    }
  });

  test("no key, or one that is not in force: 401", async () => {
    expect((await read("reader=1", null)).status).toBe(401);
    expect((await read("reader=1", `${key.slice(0, -1)}${key.endsWith("0") ? "1" : "0"}`)).status).toBe(401);
  });
});

describe("the rules", () => {
  test("hold every flag as edges evaluate it, and no secret, key or test", async () => {
    await done("POST", `${shop.at}/environments/production/signing-keys`, { name: "signer" });
    const { status, text, json, headers } = await read();
    expect([status, headers.get("Cache-Control")]).toEqual([200, "no-store"]);
    expect(headers.get("ETag")).toBe(`"${json.version}"`);
    expect(Number(headers.get("Age"))).toBeLessThanOrEqual(1);
    expect([json.reader, json.project, json.environment]).toEqual([1, shop.project, "production"]);
    expect(Object.keys(flagsOf(json)).sort()).toEqual(["public", "server-only", "targeted"]);
    expect(flagsOf(json).public.state.rules[0].id).toBe("fans");
    for (const secret of ["sealKey", "signingKeys", '"hash"', "key_", '"series"', '\\"series', '\\"test'])
      expect(text).not.toContain(secret);
  });

  test("are not sent to who has them: 304, by version or by ETag", async () => {
    const { json, headers } = await read();
    expect((await read(`reader=1&from=${json.version}`)).status).toBe(304);
    expect((await read("reader=1", key, { "If-None-Match": headers.get("ETag") as string })).status).toBe(304);
  });

  test("come as a difference to who has a version near, and whole to anybody else", async () => {
    const many = Array.from({ length: 25 }, (_, n) => n);
    for (const n of many)
      await done("PUT", `${shop.at}/flags/many-${n}`, {
        type: "boolean",
        variants: { on: true, off: false },
        offVariant: "off",
      });
    await expect.poll(async () => Object.keys(flagsOf((await read()).json)).length, within).toBe(28);
    const { json: before, text: whole } = await read();
    await done("PUT", `${shop.state}/many-7`, { enabled: true, fallthrough: { variant: "on" } });
    await expect.poll(async () => (await read(`reader=1&from=${before.version}`)).status, within).toBe(200);
    const { json: after, text } = await read(`reader=1&from=${before.version}`);
    expect([Object.keys(after.texts), after.patches.length]).toEqual([[], 1]);
    expect(after.patches[0].put.map(([name]: [string]) => name)).toEqual(["flag/many-7"]);
    expect(text.length * 3).toBeLessThan(whole.length);
    const { json: unknown } = await read("reader=1&from=1.1-0000000000000000");
    expect(Object.keys(unknown.texts)).toEqual(unknown.blocks);
  });

  test("a process that was told of a change is answered with it at once", async () => {
    const kill = `${shop.at}/environments/production/flags/public/kill`;
    await read();
    const { revision } = await done("POST", kill, { comment: "stop" });
    const { json } = await read(`reader=1&change=${revision ?? 1_000_000}`);
    expect(json.kills.map(({ flag }: { flag: string }) => flag)).toEqual(["public"]);
    await done("POST", `${shop.at}/environments/production/flags/public/restore`, { comment: "go on" });
  });

  test.each([
    ["", 400, "reader"],
    ["reader=", 400, "reader"],
    ["reader=x", 400, "reader"],
    ["reader=99", 406, "deploy that version"],
  ])("?%s: %i, with the fix", async (query, status, named) => {
    const answer = await read(query);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(named);
  });

  test.each(["change=x", "change=-1", "change=1e999", "from=%00", "from=__proto__"])(
    "&%s, which is none, is as good as nothing",
    async (query) => {
      expect((await read(`reader=1&${query}`)).status).toBe(200);
    },
  );
});

describe("long lists", () => {
  test("are read shard by shard, as the rules name them", async () => {
    await done("PUT", `${shop.at}/segments/vip`, { name: "VIP" });
    await done("PUT", `${shop.state}/public`, {
      enabled: true,
      rules: [{ id: "vip", when: { segment: "vip" }, serve: { variant: "on" } }],
      fallthrough: { variant: "off" },
    });
    const put = await fetched(`/api/v1${shop.at}/segments/vip/list`, {
      method: "PUT",
      body: "u1\nu2\n",
      headers: { "Content-Type": "text/plain", Authorization: "Bearer bda_in-worker-tests" },
    });
    expect(put.status).toBe(201);
    const list = async () => {
      const { json } = await read();
      const segments = Object.assign(
        {},
        ...Object.values((json as RulesAnswer).texts).map((text) => documentsOf(text).segments),
      );
      return segments.vip?.list;
    };
    await expect.poll(list, within).toMatchObject({ count: 2 });
    const { shards } = await list();
    const shard = (path: string) =>
      fetched(`/server/v1/lists/${path}`, { headers: { Authorization: `Bearer ${key}` } });
    const answer = await shard(`vip/${shards[0]}/0`);
    expect([answer.status, answer.headers.get("Content-Type")]).toEqual([200, "application/octet-stream"]);
    for (const path of [
      `vip/${shards[0]}/1`,
      "vip/0-0/0",
      `other/${shards[0]}/0`,
      `vip/${shards[0]}/x`,
      `vip/${shards[0]}/00`,
    ])
      expect((await shard(path)).status).toBe(404);
  });
});

describe("what was evaluated", () => {
  const tell = (body: string) =>
    fetched("/server/v1/usage", { method: "POST", body, headers: { Authorization: `Bearer ${key}` } });

  test("is noted as if the edge had been asked", async () => {
    expect((await tell(JSON.stringify({ flags: ["targeted", "no-such-flag"] }))).status).toBe(204);
    const used = async () => (await done("GET", `${shop.at}/environments/production/usage`)).flags;
    await expect.poll(async () => Object.keys(await used()), { timeout: 20_000 }).toContain("targeted");
    expect(Object.keys(await used())).not.toContain("no-such-flag");
  });

  test.each(["", "{", "[]", '{"flags": "one"}', '{"flags": ["Not A Key"]}'])(
    "%s: 400 names the field",
    async (body) => {
      const { status, json } = await tell(body);
      expect([status, json.errors[0].field]).toEqual([400, "flags"]);
    },
  );
});
