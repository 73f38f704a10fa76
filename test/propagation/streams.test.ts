import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CHANGE_MS, NOTICE_SPREAD_MS, SLACK_MS, STREAM_MS } from "../promises.ts";
import { crowd, eventually, listen, type Stream, subscribe } from "./crowd.ts";
import { evaluate, type Fleet, type Isolate, is, makeShop, type Shop, startFleet, until } from "./fleet.ts";

// Event streams on bare workerd: what they say, to whom, how many there may be, and what is left when they are gone.

const MANY = 5_000;
let fleet: Fleet;
let edge: Isolate;
let neighbour: Isolate;
/** Holds three streams. */
let small: Isolate;
/** As on Workers Free. */
let without: Isolate;
let projects = 0;

beforeAll(async () => {
  fleet = await startFleet({
    centres: [
      { colo: "FRA", isolates: 2, bindings: { STREAMS_PER_ISOLATE: String(MANY) } },
      { colo: "SYD", isolates: 1, bindings: { STREAMS_PER_ISOLATE: "3" } },
      { colo: "IAD", isolates: 1, bindings: { EVENT_STREAMS: "off" } },
    ],
  });
  [edge, neighbour, small, without] = fleet.isolates as [Isolate, Isolate, Isolate, Isolate];
});
afterAll(() => fleet?.[Symbol.asyncDispose]());

const newShop = () => makeShop(fleet, `streams-${++projects}`);
const opened = (stream: Stream) => eventually(() => stream.text.includes(": open"));
const told = ({ told }: Stream) => told.map(({ etag }) => etag);

async function uriOf(isolate: Isolate, shop: Shop, context: object = { targetingKey: "u1" }): Promise<string> {
  await until(isolate, shop.client, is(true));
  const { uri } = await subscribe(isolate, shop.client, context);
  if (uri === undefined) throw new Error("no stream was offered");
  return uri;
}

/** Addresses of many visitors under two keys: neither one person nor one key may have all streams of an isolate. */
async function urisOf(isolate: Isolate, shop: Shop): Promise<string[]> {
  const keys = `/projects/${shop.project}/environments/production/keys`;
  const { key } = await fleet.admin<{ key: string }>("POST", keys, { kind: "client", name: "second" });
  await until(isolate, shop.client, is(true));
  await until(isolate, key, is(true));
  const uris: string[] = [];
  for (let visitor = 0; visitor < 40; visitor++)
    for (const clientKey of [shop.client, key]) {
      const { uri } = await subscribe(isolate, clientKey, { targetingKey: `u${visitor}` });
      if (uri === undefined) throw new Error("no stream was offered");
      uris.push(uri);
    }
  return uris;
}

describe("a stream", () => {
  test("hears of a kill within two seconds, and the bulk answer that it is sent for is a new one", async () => {
    const shop = await newShop();
    const stream = listen(edge, await uriOf(edge, shop));
    await opened(stream);
    const killed = performance.now();
    await shop.kill("checkout");
    await eventually(() => stream.told.length > 0);
    expect((stream.told[0]?.at ?? 0) - killed).toBeLessThanOrEqual(STREAM_MS + SLACK_MS);
    const { etag } = await subscribe(edge, shop.client, { targetingKey: "u1" });
    expect(etag).toContain(told(stream)[0]);
    stream.drop();
  });

  test("is silent about what its own context does not see", async () => {
    const shop = await newShop();
    await shop.putFlag("secret", { visibility: "targeted" });
    const production = `/projects/${shop.project}/environments/production/flags/secret`;
    const staff = { all: [{ attribute: "plan", op: "equals", values: ["staff"] }] };
    const rules = [{ id: "staff", when: staff, serve: { variant: "on" } }];
    await fleet.admin("PUT", production, { enabled: true, rules, fallthrough: { variant: "off" } });
    const server = (flag: string) => until(edge, shop.server, is(false), { flag });
    await server("secret");
    const stranger = listen(edge, await uriOf(edge, shop));
    const insider = listen(edge, await uriOf(edge, shop, { targetingKey: "u2", plan: "staff" }));
    await Promise.all([stranger, insider].map(opened));
    await shop.kill("secret");
    await eventually(() => insider.told.length > 0);
    await sleep(1_000);
    expect(stranger.told).toEqual([]);
    expect(insider.told).toHaveLength(1);
    for (const stream of [stranger, insider]) stream.drop();
  });

  test("that comes back with Last-Event-ID hears at once what it missed, and nothing when it missed nothing", async () => {
    const shop = await newShop();
    const uri = await uriOf(edge, shop);
    const before = listen(edge, uri);
    await opened(before);
    before.drop();
    await shop.kill("checkout");
    await until(edge, shop.server, is(false));
    const behind = listen(edge, uri);
    await eventually(() => behind.told.length > 0, NOTICE_SPREAD_MS + SLACK_MS);
    const upToDate = listen(edge, uri, { "Last-Event-ID": told(behind)[0] as string });
    await opened(upToDate);
    await sleep(1_000);
    expect(upToDate.told).toEqual([]);
    for (const stream of [behind, upToDate]) stream.drop();
  });

  test("of an altered token, or of a key that was revoked, is refused with 401, and one that is open ends", async () => {
    const shop = await newShop();
    const uri = await uriOf(edge, shop);
    const at = uri.length - 10;
    const altered = listen(edge, `${uri.slice(0, at)}${uri[at] === "A" ? "B" : "A"}${uri.slice(at + 1)}`);
    const stream = listen(edge, uri);
    await opened(stream);
    const revoked = performance.now();
    await fleet.admin("DELETE", `/projects/${shop.project}/environments/production/keys/${shop.clientId}`);
    await eventually(() => stream.ended, CHANGE_MS + SLACK_MS - (performance.now() - revoked));
    const late = listen(edge, uri);
    await eventually(() => altered.status > 0 && late.status > 0);
    expect([altered.status, late.status]).toEqual([401, 401]);
  });

  test("goes on when the store is thrown out of memory in the middle of it", async () => {
    const shop = await newShop();
    const stream = listen(edge, await uriOf(edge, shop));
    await opened(stream);
    for (let time = 0; time < 3; time++) {
      await fleet.evict(shop.project);
      await sleep(300);
    }
    await shop.kill("checkout");
    await fleet.evict(shop.project);
    await eventually(() => stream.told.length > 0);
    expect(stream.ended).toBe(false);
    stream.drop();
  });

  test("tells of a result that other isolates may not know: an answer that is asked for by its ETag is fetched anew", async () => {
    const shop = await newShop();
    await shop.putFlag("banner");
    const context = { targetingKey: "u1" };
    const ask = async (query = "") => {
      const answer = await fetch(new URL(`/ofrep/v1/evaluate/flags${query}`, neighbour.url), {
        method: "POST",
        headers: { Authorization: `Bearer ${shop.client}`, "Content-Type": "application/json" },
        body: JSON.stringify({ context }),
      });
      const { flags } = (await answer.json()) as { flags: { key: string; value: unknown }[] };
      return flags.find(({ key }) => key === "checkout")?.value;
    };
    await until(neighbour, shop.client, is(true));
    await until(edge, shop.client, is(true));
    await shop.kill("checkout");
    await until(edge, shop.client, is(false));
    const { etag } = await subscribe(edge, shop.client, context);
    const result = /^"([^-"]*)/.exec(etag ?? "")?.[1] as string;
    const killSeenByNeighbour = async () => {
      await fleet.admin("POST", `/projects/${shop.project}/environments/production/flags/checkout/restore`, {});
      await until(neighbour, shop.client, is(true));
      // The neighbour has just refreshed: on its own it seldom looks again so soon.
      await shop.kill("checkout");
      const unasked = await ask();
      expect(await ask(`?flagConfigEtag=${encodeURIComponent(result)}`)).toBe(false);
      return unasked === false;
    };
    // Several times, as the kill falls into other moments of the neighbour's own rhythm.
    const seen: boolean[] = [];
    for (let round = 0; round < 6; round++) seen.push(await killSeenByNeighbour());
    // Where it looked again on its own, the answer proves nothing about the ETag.
    expect(seen).toContain(false);
  });
});

describe("beyond an isolate's cap", () => {
  const wait = ({ text }: Stream) => Number(/^retry: (\d+)$/m.exec(text)?.[1]);

  test("a page is accepted, told when to come back and let go; a stream that leaves makes room", async () => {
    const shop = await newShop();
    const uri = await uriOf(small, shop);
    const streams = await crowd(small, uri, 3);
    const late = listen(small, uri);
    await eventually(() => late.ended);
    expect([late.status, late.told]).toEqual([200, []]);
    expect(wait(late)).toBeGreaterThanOrEqual(20_000);
    expect((await small.observed()).openStreams).toBe(3);
    streams[0]?.drop();
    await eventually(async () => (await small.observed()).openStreams === 2);
    streams.push(...(await crowd(small, uri, 1)));
    for (const stream of streams) stream.drop();
  });

  test("a page hears of a kill each time that it comes, until it has heard of it twice", async () => {
    const shop = await newShop();
    const uri = await uriOf(small, shop);
    const streams = await crowd(small, uri, 3);
    await shop.kill("checkout");
    await until(small, shop.client, is(false));
    const ids: string[] = [];
    for (const id of [undefined, "first", "second"]) {
      const late = listen(small, uri, id === undefined ? {} : { "Last-Event-ID": ids.at(-1) as string });
      await eventually(() => late.ended);
      expect(late.told).toHaveLength(id === "second" ? 0 : 1);
      ids.push(/^id: (\S+)$/m.exec(late.text)?.[1] ?? "");
    }
    for (const stream of streams) stream.drop();
  });
});

test("switched off, none is offered, the route refuses, and clients poll with ETags", async () => {
  const shop = await newShop();
  const uri = await uriOf(edge, shop);
  await until(without, shop.client, is(true));
  const { uri: offered, etag } = await subscribe(without, shop.client, { targetingKey: "u1" });
  expect(offered).toBeUndefined();
  const refused = listen(without, uri);
  await eventually(() => refused.status > 0);
  expect(refused.status).toBe(404);
  const poll = await fetch(new URL("/ofrep/v1/evaluate/flags", without.url), {
    method: "POST",
    headers: {
      Authorization: `Bearer ${shop.client}`,
      "Content-Type": "application/json",
      "If-None-Match": etag as string,
    },
    body: '{"context":{"targetingKey":"u1"}}',
  });
  expect(poll.status).toBe(304);
});

test(`${MANY} streams: all hear of a kill while evaluations go on, and dropped all at once they leave nothing behind`, async () => {
  const shop = await newShop();
  const streams = await crowd(edge, await urisOf(edge, shop), MANY);
  expect((await edge.observed()).openStreams).toBe(MANY);
  const going = new AbortController();
  let evaluations = 0;
  const evaluating = (async () => {
    for (; !going.signal.aborted; await sleep(10)) {
      expect((await evaluate(edge, shop.server)).status).toBe(200);
      evaluations++;
    }
  })();
  await shop.kill("checkout");
  await eventually(() => streams.every(({ told }) => told.length > 0));
  // While all of them are open, and however slow the machine is.
  await eventually(() => evaluations > 20);
  expect(streams.every(({ ended }) => !ended)).toBe(true);
  for (const stream of streams) stream.drop();
  await eventually(async () => (await edge.observed()).openStreams === 0);
  going.abort();
  await evaluating;
  // The holder of the lease may have been among them.
  await shop.restore("checkout");
  await until(edge, shop.server, is(true));
  const [again] = await crowd(edge, await uriOf(edge, shop), 1);
  await shop.kill("checkout");
  await eventually(() => (again?.told.length ?? 0) > 0);
  again?.drop();
});
