import { beforeAll, describe, expect, test } from "vitest";
import { api, done, evaluate, newShop } from "../../testing/http.ts";

let shop: Awaited<ReturnType<typeof newShop>>;
beforeAll(async () => {
  shop = await newShop();
});
const refused = (key: string | null, headers = {}) => evaluate(key, { headers });
const UNKNOWN = '{"errorDetails":"this key is unknown or revoked"}';

describe("a key", () => {
  test("names its kind, project and environment, and holds 160 random bits", () => {
    expect(shop.client).toMatch(new RegExp(`^bdc_${shop.project}_production_[0-9a-f]{40}$`));
    expect(shop.server).toMatch(new RegExp(`^bds_${shop.project}_production_[0-9a-f]{40}$`));
  });

  test("is shown once: no route gives it or its hash again", async () => {
    const { text, json } = await api("GET", `${shop.at}/environments/production/keys`);
    expect(json.keys).toHaveLength(2);
    for (const key of [shop.client, shop.server]) expect(text).not.toContain(key.slice(-40));
    expect(text).not.toContain("hash");
    for (const path of ["", "/export", "/audit"]) {
      expect((await api("GET", shop.at + path)).text).not.toContain(shop.client.slice(-40));
    }
  });

  test.each([
    ["Authorization", (key: string) => ({ Authorization: `Bearer ${key}` })],
    ["a lower-case scheme", (key: string) => ({ Authorization: `bearer ${key}` })],
    ["X-API-Key", (key: string) => ({ "X-API-Key": key })],
  ])("is taken from %s", async (_how, headers) => {
    expect((await refused(null, headers(shop.server))).status).toBe(200);
  });

  test("without one: 401 that says how", async () => {
    const answer = await refused(null);
    expect(answer.status).toBe(401);
    expect(answer.json.errorDetails).toContain("Authorization: Bearer KEY");
    expect(answer.headers.get("WWW-Authenticate")).toContain("Bearer");
  });
});

describe("every other key is answered alike: 401", () => {
  const swapped = (from: string, to: string) => shop.server.replace(from, to);
  test.each([
    ["of no shape", () => "secret"],
    ["empty", () => ""],
    ["an administrator's", () => "bda_in-worker-tests"],
    ["one character off", () => shop.server.slice(0, -1) + (shop.server.endsWith("0") ? "1" : "0")],
    ["of another kind", () => swapped("bds_", "bdc_")],
    ["of another environment", () => swapped("_production_", "_staging_")],
    ["of an environment that is not there", () => swapped("_production_", "_nowhere_")],
    ["of a project that is not there", () => swapped(`_${shop.project}_`, "_nobody_")],
    ["far too long", () => `${shop.server}${"0".repeat(5_000)}`],
  ])("%s", async (_which, key) => {
    const answer = await refused(null, { "X-API-Key": key() });
    expect([answer.status, answer.text]).toEqual([401, UNKNOWN]);
  });

  test("a revoked one, from the next request on", async () => {
    const target = await newShop();
    const { keys } = await done("GET", `${target.at}/environments/production/keys`);
    expect((await refused(target.server)).status).toBe(200);
    const { id } = keys.find(({ kind }: { kind: string }) => kind === "server");
    expect((await api("DELETE", `${target.at}/environments/production/keys/${id}`)).status).toBe(204);
    const answer = await refused(target.server);
    expect([answer.status, answer.text]).toEqual([401, UNKNOWN]);
    expect((await refused(target.client)).status).toBe(200);
    expect((await api("DELETE", `${target.at}/environments/production/keys/${id}`)).json.code).toBe("key-not-found");
  });

  test("those of a deleted environment and of a deleted project", async () => {
    const target = await newShop();
    const staging = await target.key("server", "staging");
    expect((await refused(staging)).status).toBe(200);
    await api("DELETE", `${target.at}/environments/staging`);
    expect((await refused(staging)).status).toBe(401);
    await api("DELETE", target.at);
    expect((await refused(target.server)).status).toBe(401);
  });
});

describe("origins", () => {
  const from = (key: string, Origin?: string) => refused(key, Origin === undefined ? {} : { Origin });

  test("a client key bound to some is refused from others, and from a page that hides its own", async () => {
    const key = await shop.key("client", "production", ["https://shop.example", "http://localhost:3000"]);
    for (const good of ["https://shop.example", "http://localhost:3000"])
      expect((await from(key, good)).status).toBe(200);
    for (const bad of [
      "https://evil.example",
      "https://shop.example.evil",
      "http://shop.example",
      "null",
      "https://shop.example:444",
    ]) {
      const answer = await from(key, bad);
      expect([bad, answer.status, answer.json.errorDetails]).toEqual([
        bad,
        403,
        "this key may not be used from this origin",
      ]);
    }
  });

  test("bind browsers only: a program that sends none is let in", async () => {
    const key = await shop.key("client", "production", ["https://shop.example"]);
    expect((await from(key)).status).toBe(200);
  });

  test("an unbound client key works anywhere; a server key cannot be bound", async () => {
    expect((await from(shop.client, "https://anywhere.example")).status).toBe(200);
    const body = { kind: "server", name: "s", origins: ["https://shop.example"] };
    const answer = await api("POST", `${shop.at}/environments/production/keys`, body);
    expect([answer.status, answer.json.errors[0].field]).toEqual([422, "origins"]);
  });
});

test("a key made twice with one Idempotency-Key is stored once, and the second request is told so", async () => {
  const target = await newShop();
  const make = () =>
    api(
      "POST",
      `${target.at}/environments/production/keys`,
      { kind: "server", name: "k" },
      { headers: { "Idempotency-Key": "k1" } },
    );
  const first = await make();
  const second = await make();
  expect([first.status, second.status, second.json.code]).toEqual([201, 409, "shown-once"]);
  expect((await refused(first.json.key)).status).toBe(200);
  expect((await done("GET", `${target.at}/environments/production/keys`)).keys).toHaveLength(3);
});
