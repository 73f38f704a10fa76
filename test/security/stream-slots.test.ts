import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { crowd, eventually, listen, type Stream, subscribe } from "../propagation/crowd.ts";
import { type Fleet, type Isolate, is, makeShop, type Shop, startFleet, until } from "../propagation/fleet.ts";

// A stream's token is given to every visitor of a page, and a stream stays open for minutes: with one token, or one public
// key, somebody could take all streams of an isolate, for all projects.

const MOST = 40;
const PER_PERSON = 8;
let fleet: Fleet;
let isolate: Isolate;
let projects = 0;

beforeAll(async () => {
  fleet = await startFleet({
    centres: [{ colo: "FRA", isolates: 1, bindings: { STREAMS_PER_ISOLATE: String(MOST) } }],
  });
  [isolate] = fleet.isolates as [Isolate];
});
afterAll(() => fleet?.[Symbol.asyncDispose]());

async function newShop(): Promise<Shop> {
  const shop = await makeShop(fleet, `slots-${++projects}`);
  await until(isolate, shop.client, is(true));
  return shop;
}

async function tokenOf(shop: Shop, targetingKey: string, key = shop.client): Promise<string> {
  const { uri } = await subscribe(isolate, key, { targetingKey });
  if (uri === undefined) throw new Error("no stream was offered");
  return uri;
}

/** Tries to open so many streams, of these addresses in turn; what finds no room is told so and let go. */
async function attempt(uris: string[], many: number): Promise<{ open: Stream[]; refused: Stream[] }> {
  const streams = Array.from({ length: many }, (_, nth) => listen(isolate, uris[nth % uris.length] as string));
  await eventually(() => streams.every(({ text }) => /^: (?:open|no room)$/m.test(text)), 30_000);
  return {
    open: streams.filter(({ text }) => text.includes(": open")),
    refused: streams.filter(({ text }) => text.includes(": no room")),
  };
}

async function leave(streams: Stream[]): Promise<void> {
  for (const stream of streams) stream.drop();
  await eventually(async () => (await isolate.observed()).openStreams === 0, 30_000);
}

describe("attack", () => {
  test("one token opens streams without end: it gets what a person's tabs need, and others are served", async () => {
    const shop = await newShop();
    const other = await newShop();
    const { open, refused } = await attempt([await tokenOf(shop, "attacker")], 100);
    expect(open).toHaveLength(PER_PERSON);
    for (const { status, text } of refused) {
      expect(status).toBe(200);
      expect(text).toMatch(/^retry: 2\d{4}$/m);
    }
    const served = await crowd(isolate, await tokenOf(other, "visitor"), PER_PERSON);
    const sameKey = await crowd(isolate, await tokenOf(shop, "visitor"), PER_PERSON);
    await leave([...open, ...served, ...sameKey]);
  });

  test("one public key makes contexts up: another project comes to its share, and keeps it", async () => {
    const shop = await newShop();
    const other = await newShop();
    const second = await fleet.admin<{ key: string }>(
      "POST",
      `/projects/${shop.project}/environments/production/keys`,
      { kind: "client", name: "second" },
    );
    await until(isolate, second.key, is(true));
    const uris: string[] = [];
    for (let person = 0; person < MOST; person++)
      for (const key of [shop.client, second.key]) uris.push(await tokenOf(shop, `made up ${person}`, key));
    const flood = await attempt(uris, uris.length);
    expect((await isolate.observed()).openStreams).toBe(MOST);

    const visitors: Stream[] = [];
    for (let person = 0; person < MOST / 2; person++) {
      const [stream] = await crowd(isolate, await tokenOf(other, `visitor ${person}`), 1);
      if (stream) visitors.push(stream);
    }
    // Those that had to go are told so by an end, and come back to a refusal.
    await eventually(() => flood.open.filter(({ ended }) => ended).length >= MOST / 2, 30_000);
    const again = await attempt(uris, uris.length);
    expect(again.open).toHaveLength(0);
    await other.kill("checkout");
    await eventually(() => visitors.every(({ told }) => told.length > 0), 30_000);
    expect(visitors.filter(({ ended }) => ended)).toEqual([]);
    await leave([...flood.open, ...visitors]);
  });
});

test("an altered token is refused also when its bytes decode alike, or when it is spelt in another way", async () => {
  const shop = await newShop();
  // A decoder makes U+FFFD of anything broken, such as F0 90 80, a character that is cut short.
  const uri = await tokenOf(shop, "a\ufffdb");
  const [address = "", token = ""] = uri.split("token=");
  const bytes = Buffer.from(token, "base64url");
  const TAG_BYTES = 16;
  const at = TAG_BYTES + Buffer.byteLength(`{"keyId":"${shop.clientId}","context":{"targetingKey":"a`);
  for (const [index, mask] of [0xef ^ 0xf0, 0xbf ^ 0x90, 0xbd ^ 0x80].entries())
    bytes[at + index] = (bytes[at + index] ?? 0) ^ mask;
  const altered = bytes.toString("base64url");
  const tokens = [altered, `${token}%20`, `${token}%0A`, `${token.slice(0, 9)}%09${token.slice(9)}`, `${token}===`];
  for (const one of tokens) {
    const stream = listen(isolate, `${address}token=${one}`);
    await eventually(() => stream.status > 0);
    expect([one, stream.status]).toEqual([one, 401]);
    stream.drop();
  }
  await leave(await crowd(isolate, uri, 1));
});
