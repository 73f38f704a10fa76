import { beforeAll, expect, test } from "vitest";
import { api, done, evaluate, newShop, newToken } from "../../testing/http.ts";

type Shop = Awaited<ReturnType<typeof newShop>>;
let shop: Shop;
beforeAll(async () => {
  shop = await newShop();
});

const token = async (flag: string, body: object = { variant: "on" }, environment = "production"): Promise<string> =>
  (await done("POST", `${shop.at}/environments/${environment}/flags/${flag}/previews`, body)).token;
const asked = async (flag: string, preview: unknown, key = shop.client) =>
  (await evaluate(key, { flag, context: { targetingKey: "u1", blastdoorPreview: preview } })).json;

test("a request with the token gets the variant, marked as a preview; everybody else what they got before", async () => {
  expect(await asked("public", await token("public"))).toEqual({
    key: "public",
    value: "yes",
    variant: "on",
    reason: "TARGETING_MATCH",
    metadata: { preview: true },
  });
  expect((await evaluate(shop.client, { flag: "public" })).json).toMatchObject({ value: "no" });
});

test("the token also travels in the address, and applies to all flags asked for at once", async () => {
  const preview = await token("targeted");
  const query = `?blastdoorPreview=${preview}`;
  expect((await evaluate(shop.client, { flag: "targeted", query })).json).toMatchObject({ value: "yes" });
  const bulk = await evaluate(shop.client, { query });
  expect(bulk.json.flags).toContainEqual(expect.objectContaining({ key: "targeted", metadata: { preview: true } }));
  const again = await evaluate(shop.client, {
    query,
    headers: { "If-None-Match": bulk.headers.get("etag") as string },
  });
  expect(again.status).toBe(304);
  expect((await evaluate(shop.client)).headers.get("etag")).not.toBe(bulk.headers.get("etag"));
});

test("a kill in force is not previewed away", async () => {
  const preview = await token("server-only");
  expect(await asked("server-only", preview, shop.server)).toMatchObject({ value: "yes" });
  await done("POST", `${shop.state}/server-only/kill`, {});
  expect(await asked("server-only", preview, shop.server)).toMatchObject({ value: "no", metadata: { killed: true } });
  await done("POST", `${shop.state}/server-only/restore`, {});
});

test("an altered, foreign or made-up token shows what everybody sees", async () => {
  const preview = await token("public");
  const altered = preview.slice(0, -3) + (preview.endsWith("AAA") ? "BBB" : "AAA");
  const elsewhere = await token("public", { variant: "on" }, "staging");
  for (const bad of [altered, elsewhere, "x", "", 7, null, { a: 1 }, "x".repeat(5_000), Array(500).fill("x")])
    expect(await asked("public", bad)).toMatchObject({ value: "no" });
});

test("a flag that no client learns of stays hidden with a preview as well", async () => {
  const { status } = await evaluate(shop.client, {
    flag: "server-only",
    context: { blastdoorPreview: await token("server-only") },
  });
  expect(status).toBe(404);
});

test("marketers preview tests only, viewers nothing", async () => {
  const at = `${shop.at}/environments/production/flags`;
  const marketer = (await newToken("marketer", shop.project)).token;
  const viewer = (await newToken("viewer", shop.project)).token;
  const body = { variant: "on" };
  expect((await api("POST", `${at}/public/previews`, body, { token: marketer })).status).toBe(403);
  await done("PATCH", `${shop.at}/flags/targeted`, { purpose: "fake-door" });
  expect((await api("POST", `${at}/targeted/previews`, body, { token: marketer })).status).toBe(201);
  expect((await api("POST", `${at}/targeted/previews`, body, { token: viewer })).status).toBe(403);
});

test("no link to a variant, flag or environment that is not there, nor one that lives for ever", async () => {
  const at = `${shop.at}/environments/production/flags`;
  expect((await api("POST", `${at}/public/previews`, { variant: "gone" })).json.errors[0].field).toBe("variant");
  expect((await api("POST", `${at}/nowhere/previews`, { variant: "on" })).status).toBe(404);
  expect((await api("POST", `${at}/public/previews`, { variant: "on", hours: 1_000 })).status).toBe(422);
  const moon = `${shop.at}/environments/moon/flags/public/previews`;
  expect((await api("POST", moon, { variant: "on" })).status).toBe(404);
});
