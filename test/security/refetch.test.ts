import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Fleet, type Isolate, is, makeShop, type Shop, startFleet, until } from "../propagation/fleet.ts";

/*
 * `?flagConfigEtag=` says that a stream told its client of a result. Made-up values must not make an isolate ask the
 * store more often than it does anyway, and a client that was told of something gets it all the same.
 */

let fleet: Fleet;
let edge: Isolate;
let shop: Shop;
let other: Shop;

beforeAll(async () => {
  fleet = await startFleet({ centres: [{ colo: "FRA", isolates: 1 }] });
  edge = fleet.isolates[0] as Isolate;
  shop = await makeShop(fleet);
  other = await makeShop(fleet, "other");
});
afterAll(() => fleet?.[Symbol.asyncDispose]());

async function bulk(key: string, query: string): Promise<{ status: number; value: unknown; etag: string }> {
  const response = await fetch(new URL(`/ofrep/v1/evaluate/flags${query}`, edge.url), {
    method: "POST",
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: '{"context":{"targetingKey":"u1"}}',
  });
  const { flags } = (await response.json()) as { flags: { key: string; value: unknown }[] };
  const etag = /^"([^-"]*)/.exec(response.headers.get("ETag") ?? "")?.[1] ?? "";
  return { status: response.status, value: flags.find((flag) => flag.key === "checkout")?.value, etag };
}

const hex16 = () => crypto.randomUUID().replaceAll("-", "").slice(0, 16);
const pointerReads = async () => (await edge.observed()).storeCalls.pointer ?? 0;

/** Requests without a pause, several at a time, for so long; what the store was asked meanwhile, each second. */
async function flood(key: string, junk: () => string, seconds: number): Promise<number> {
  await until(edge, key, is(true));
  const before = await pointerReads();
  const began = performance.now();
  const sender = async () => {
    while (performance.now() - began < seconds * 1_000) {
      expect((await bulk(key, `?flagConfigEtag=${encodeURIComponent(junk())}`)).status).toBe(200);
      await sleep(5);
    }
  };
  await Promise.all(Array.from({ length: 8 }, sender));
  const lasted = (performance.now() - began) / 1_000;
  return ((await pointerReads()) - before) / lasted;
}

/** An isolate refreshes twice a second at most, and a key has a question a second beside, and three to begin with. */
const MOST_PER_SECOND = 2 + 1 + 1;

describe("made-up ETags", () => {
  test.each([
    ["that look like ours", hex16],
    ["of any form", () => `"${crypto.randomUUID()}"`],
    ["that are another's", () => "0123456789abcdef"],
    ["that are long", () => "f".repeat(2_000)],
    ["that are empty", () => ""],
  ])("%s make the store be asked about as often as without", async (_what, junk) => {
    expect(await flood(shop.client, junk, 4)).toBeLessThan(MOST_PER_SECOND);
  });

  test("of one key leave the questions of another", async () => {
    let flooding = true;
    const flooded = (async () => {
      while (flooding) await bulk(shop.client, `?flagConfigEtag=${hex16()}`);
    })();
    await until(edge, other.client, is(true));
    const { etag: before } = await bulk(other.client, "");
    await other.kill("checkout");
    await until(edge, other.client, is(false));
    const { etag: killed } = await bulk(other.client, "");
    expect(killed).not.toBe(before);
    await other.restore("checkout");
    await until(edge, other.client, is(true));
    await other.kill("checkout");
    expect((await bulk(other.client, `?flagConfigEtag=${killed}`)).value).toBe(false);
    flooding = false;
    await flooded;
  });
});

test("a client that was told of a result gets it, beside made-up ETags of the same key", async () => {
  await until(edge, shop.client, is(true));
  await shop.kill("checkout");
  await until(edge, shop.client, is(false));
  const { etag: killed } = await bulk(shop.client, "");
  let flooding = true;
  const junk = Array.from({ length: 8 }, async () => {
    while (flooding) {
      await bulk(shop.client, `?flagConfigEtag=${hex16()}`);
      await sleep(5);
    }
  });
  for (let round = 0; round < 3; round++) {
    await shop.restore("checkout");
    await until(edge, shop.client, is(true));
    await shop.kill("checkout");
    expect((await bulk(shop.client, `?flagConfigEtag=${killed}`)).value).toBe(false);
  }
  flooding = false;
  await Promise.all(junk);
});
