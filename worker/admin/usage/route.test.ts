import { expect, test } from "vitest";
import { done, evaluate, newShop } from "../../testing/http.ts";
import { storeOf } from "../../testing/store.ts";

const usageOf = (at: string) => done("GET", `${at}/environments/production/usage`);

test("a flag asked for by name is told to the store, without the request waiting for it", async () => {
  const shop = await newShop();
  expect(await usageOf(shop.at)).toEqual({ bulkAt: null, flags: {}, attributes: [] });
  await evaluate(shop.server, { flag: "public", context: { targetingKey: "kim", plan: "fan" } });
  await expect.poll(async () => Object.keys((await usageOf(shop.at)).flags)).toEqual(["public"]);
  const { attributes } = await usageOf(shop.at);
  expect(attributes).toEqual([
    { name: "plan", values: ["fan"] },
    { name: "targetingKey", values: [] },
  ]);
});

test("contexts of client keys are not sampled, and a preview is not use", async () => {
  const shop = await newShop();
  const { token } = await done("POST", `${shop.state}/targeted/previews`, { variant: "on" });
  await evaluate(shop.client, { flag: "targeted", context: { blastdoorPreview: token } });
  await evaluate(shop.client, { context: { plan: "fan" } });
  await expect.poll(async () => (await usageOf(shop.at)).bulkAt).not.toBeNull();
  expect(await usageOf(shop.at)).toMatchObject({ flags: {}, attributes: [] });
});

test("what an edge tells of flags that are not there is forgotten, and a malformed report changes nothing", async () => {
  const shop = await newShop();
  const store = storeOf(shop.project);
  await store.noteUsage("production", { flags: ["public", "gone"], bulk: false, attributes: [] });
  await store.noteUsage("moon", { flags: ["public"], bulk: true, attributes: [] });
  await store.noteUsage("production", { flags: "public" } as never);
  expect(Object.keys((await usageOf(shop.at)).flags)).toEqual(["public"]);
});

test("an attribute with many values keeps none of them, for good", async () => {
  const shop = await newShop();
  const store = storeOf(shop.project);
  for (let part = 0; part < 4; part++) {
    const values = Array.from({ length: 20 }, (_, index) => `v${part * 20 + index}`);
    await store.noteUsage("production", { flags: [], bulk: false, attributes: [{ name: "nick", values }] });
  }
  await store.noteUsage("production", { flags: [], bulk: false, attributes: [{ name: "nick", values: ["v1"] }] });
  expect((await usageOf(shop.at)).attributes).toEqual([{ name: "nick", values: [] }]);
});
