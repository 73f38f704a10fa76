import { beforeAll, expect, test } from "vitest";
import { done, evaluate, fan, newShop } from "../testing/http.ts";
import { cacheRoot } from "./edge/centre-cache.ts";

/** Each so long that a few of them are published in blocks and not whole. */
const LONG = "x".repeat(9_000);
const COUNT = 8;

let shop: Awaited<ReturnType<typeof newShop>>;
beforeAll(async () => {
  shop = await newShop();
  for (let n = 0; n < COUNT; n++) {
    await done("PUT", `${shop.at}/flags/long-${n}`, {
      type: "string",
      variants: { on: `${LONG}${n}`, off: "off" },
      offVariant: "off",
    });
    await done("PUT", `${shop.state}/long-${n}`, { enabled: true, fallthrough: { variant: "on" } });
  }
});

const lastCopy = async () => {
  const kept = await caches.default.match(`${cacheRoot()}/last/${shop.project}/production`);
  return (await kept?.json()) as { revision: number; blocks?: string[] } | undefined;
};
const value = async (flag: string) => (await evaluate(shop.server, { flag, context: fan })).json.value;

test("a large environment answers like any other", async () => {
  for (let n = 0; n < COUNT; n++) expect(await value(`long-${n}`)).toBe(`${LONG}${n}`);
  expect((await evaluate(shop.client, { flag: "public", context: fan })).json).toMatchObject({ value: "yes" });
});

test("it follows an edit of one flag, and a kill, while the others stay as they are", async () => {
  await done("PATCH", `${shop.state}/long-3`, { fallthrough: { variant: "off" } });
  await expect.poll(() => value("long-3")).toBe("off");
  await done("POST", `${shop.state}/long-5/kill`, {});
  await expect.poll(() => value("long-5")).toBe("off");
  for (const n of [0, 1, 2, 4, 6, 7]) expect(await value(`long-${n}`)).toBe(`${LONG}${n}`);
});

test("the data centre's cache gets the whole of it", async () => {
  await done("PATCH", `${shop.state}/long-6`, { fallthrough: { variant: "off" } });
  await expect.poll(() => value("long-6")).toBe("off");
  const { revision } = await done("PATCH", `${shop.state}/long-7`, { fallthrough: { variant: "off" } });
  // Each evaluation may refresh, and each refresh goes on with the copy.
  const copied = async () => (await value("long-7")) === "off" && ((await lastCopy())?.revision ?? 0) >= revision;
  await expect.poll(copied).toBe(true);
  for (const hash of (await lastCopy())?.blocks ?? []) {
    const block = await caches.default.match(`${cacheRoot()}/block/${shop.project}/production/${hash}`);
    expect((await block?.text())?.length).toBeGreaterThan(0);
  }
});
