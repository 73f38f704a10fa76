import { beforeAll, describe, expect, test } from "vitest";
import type { ProbeQuestion, ProbeReport } from "../../shared/schema/probe.ts";
import { api, done, fetched, newShop, newToken } from "../testing/http.ts";

let shop: Awaited<ReturnType<typeof newShop>>;
beforeAll(async () => {
  shop = await newShop();
});

const probe = (key: string, question: ProbeQuestion | string = {}) =>
  fetched("/v1/probe", {
    method: "POST",
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: typeof question === "string" ? question : JSON.stringify(question),
  });

describe("POST /v1/probe", () => {
  test("says what the isolate serves, and what it knows of itself", async () => {
    const question = { flags: ["public", "no-such-flag"], pointerReads: 3, readKv: true };
    const { status, json } = await probe(shop.server, question);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      values: { public: "no" },
      openStreams: 0,
      pointer: { answered: 3, refused: 0, failed: 0 },
      kv: "found",
    });
    expect((await probe(shop.server)).json.isolate).toBe(json.isolate);
    await done("POST", `${shop.state}/public/kill`, {});
    expect((await probe(shop.server, question)).json.values).toEqual({ public: "no" });
  });

  test("finds what it has kept, under the name it was kept by", async () => {
    const name = crypto.randomUUID();
    expect((await probe(shop.server, { keep: name, look: name })).json.kept).toBe(true);
    expect((await probe(shop.server, { look: crypto.randomUUID() })).json.kept).toBe(false);
  });

  test("is closed to client keys, to keys that open nothing, and to none", async () => {
    for (const key of [shop.client, shop.server.replace(/.{6}$/, "000000"), "x"])
      expect((await probe(key)).status).toBe(401);
    expect((await fetched("/v1/probe", { method: "POST", body: "{}" })).status).toBe(401);
  });

  test.each([
    ["{", 400],
    ['{"flags":"x"}', 422],
    ['{"pointerReads":1000}', 422],
    ['{"keep":"../pointer/shop"}', 422],
    ['{"more":1}', 422],
    [`{"flags":["${"x".repeat(20_000)}"]}`, 413],
  ])("refuses %s", async (body, status) => {
    expect((await probe(shop.server, body)).status).toBe(status);
  });
});

describe("POST /api/v1/probes/{region}", () => {
  test("is opened by ADMIN_TOKEN alone", async () => {
    const { token } = await newToken("admin");
    const order = { key: shop.server };
    expect(await api("POST", "/probes/weur", order, { token })).toMatchObject({ status: 403 });
    expect(await api("POST", "/probes/weur", order, { token: null })).toMatchObject({ status: 401 });
    expect((await api("POST", "/probes/nowhere", order)).status).toBeGreaterThanOrEqual(400);
  });

  test("takes no order that needs more calls than an invocation has", async () => {
    const order = { key: shop.server, forMs: 20_000, everyMs: 50, atOnce: 6 };
    const { status, json } = await api("POST", "/probes/weur", order);
    expect([status, json.errors[0].field]).toEqual([422, "forMs"]);
  });

  test("reports calls that nobody answers as such", async () => {
    // No server listens at the address that the tests of this kind use.
    const { samples } = (await done("POST", "/probes/weur", { key: shop.server, atOnce: 2 })) as ProbeReport;
    expect(samples).toHaveLength(2);
    for (const { answer, status } of samples) expect([answer, status >= 500 || status === 0]).toEqual([null, true]);
  });
});
