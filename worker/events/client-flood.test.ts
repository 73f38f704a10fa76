import { createExecutionContext, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { EventAnswer } from "../../shared/schema/telemetry.ts";
import { Guard } from "../objects/guard/guard.ts";
import type { KeepLevels, ShardBatch } from "../objects/telemetry-shard/shard-batch.ts";
import { ALL_TELEMETRY_SHARDS, TELEMETRY_SHARDS } from "../objects/telemetry-shard/unit-hash.ts";
import { env } from "../testing/bindings.ts";
import { guardedShop, guardStub, isKilled, sendAll, visits } from "../testing/guards.ts";
import { done, newShop, ORIGIN } from "../testing/http.ts";
import { anEvent, aSeries, EVENTS, observe, send, totalsOf } from "../testing/telemetry.ts";
import { SHED_TOLD_MS, UntoldShed } from "./deliver.ts";
import { events } from "./events.ts";

// Anybody may send what a public client key sends, and as often as they like.

let shop: Awaited<ReturnType<typeof newShop>>;
beforeEach(async () => {
  shop = await newShop();
});

const SERVER_SHARDS = Array.from({ length: TELEMETRY_SHARDS }, (_, n) => n);
const exposure = (unit: string, variant = "on") => anEvent("exposure", unit, { flag: "public", variant });
const outcome = (unit: string, ok: boolean) => anEvent("outcome", unit, { metric: "checkout", ok });
const shardIn = (name: string) => Number(name.split("/").at(-1));
type Answering = (name: string, pass: () => Promise<Response>, request: Request) => Promise<Response>;

/** The shards, each request to them noted by the number of its shard; `answer` may stand in for them. */
function noting(answer: Answering = (_name, pass) => pass()) {
  const real = env.TELEMETRY_SHARD;
  const names = new Map<string, string>();
  const asked: number[] = [];
  const namespace = {
    idFromName: (name: string) => {
      const id = real.idFromName(name);
      names.set(String(id), name);
      return id;
    },
    get: (id: DurableObjectId) => ({
      fetch: (url: string, init: RequestInit) => {
        const name = names.get(String(id)) as string;
        asked.push(shardIn(name));
        return answer(name, () => real.get(id).fetch(url, init as never), new Request(url, init));
      },
    }),
  } as unknown as DurableObjectNamespace;
  return { namespace, asked };
}

async function sendTo(namespace: DurableObjectNamespace, key: string, batch: object[]): Promise<EventAnswer> {
  const request = new Request(`${ORIGIN}${EVENTS}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${key}` },
    body: JSON.stringify({ batchId: crypto.randomUUID(), sentAt: Date.now(), events: batch }),
  });
  const response = await events(request, { ...env, TELEMETRY_SHARD: namespace }, createExecutionContext());
  expect(response.status).toBe(202);
  return (await response.json()) as EventAnswer;
}

test("a flood with a client key asks no shard that servers' events are counted in", async () => {
  const series = await observe(shop.project, "public");
  const { namespace, asked } = noting();
  for (let batch = 0; batch < 25; batch++) {
    const made = Array.from({ length: 8 }, (_, n) => `made-up-${batch}-${n}`);
    await sendTo(
      namespace,
      shop.client,
      made.flatMap((unit) => [exposure(unit), outcome(unit, false)]),
    );
  }
  expect(new Set(asked).size).toBe(TELEMETRY_SHARDS);
  expect(asked.filter((shard) => shard < TELEMETRY_SHARDS || shard >= ALL_TELEMETRY_SHARDS)).toEqual([]);
  asked.length = 0;
  const real = Array.from({ length: 40 }, (_, n) => `real-${n}`);
  await sendTo(
    namespace,
    shop.server,
    real.map((unit) => exposure(unit)),
  );
  expect(asked.toSorted()).toEqual(SERVER_SHARDS);
  const { arms, clientArms } = await totalsOf(shop.project, series.id);
  expect([arms.on?.exposed, clientArms.on?.exposed]).toEqual([40, 200]);
  expect(clientArms.on?.metrics.errors).toEqual({ kind: "error", units: 200, failures: 200 });
});

test("what is left out makes no requests: counts of it travel with events, or alone once a second", async () => {
  const sent: { shard: number; shed: number; events: number }[] = [];
  const keep: KeepLevels = { server: 1, client: 0 };
  const { namespace } = noting(async (name, _pass, request) => {
    const [batch] = (await request.json()) as [ShardBatch];
    sent.push({ shard: shardIn(name), shed: batch.shed, events: batch.events.length });
    return Response.json({ duplicate: [], shed: [], keep });
  });
  const flood = Array.from({ length: 40 }, (_, n) => exposure(`flood-${n}`));
  const told = () => sent.reduce((sum, { shed, events: stored }) => sum + shed + stored, 0);
  let batches = 0;
  let seconds = 1;
  const began = Date.now();
  do {
    const { rejected } = await sendTo(namespace, shop.client, flood);
    if (batches++ > 0) expect(rejected.every(({ code }) => code === "shed")).toBe(true);
    seconds = 1 + (Date.now() - began) / 1_000;
  } while (batches < 30);
  await vi.waitFor(() => expect(told()).toBe(batches * flood.length), { timeout: 5_000, interval: 50 });
  // A level holds for two seconds: a machine so slow that it runs out sends events again.
  expect(sent.length).toBeLessThanOrEqual(TELEMETRY_SHARDS * (1 + Math.ceil(seconds)));
  expect(sent.filter(({ shed, events: stored }) => shed + stored === 0)).toEqual([]);
});

test("a count that nobody told of in time is told of by the next", () => {
  const untold = new UntoldShed();
  expect([untold.add("a", 3, 0), untold.add("a", 4, 10), untold.add("b", 1, 10)]).toEqual([true, false, true]);
  expect([untold.take("a"), untold.take("a"), untold.take("c")]).toEqual([7, 0, 0]);
  // Its request died: another takes over.
  expect([untold.add("a", 2, 20), untold.add("a", 2, 20 + 3 * SHED_TOLD_MS)]).toEqual([false, true]);
  expect([untold.end("a"), untold.end("a")]).toEqual([4, 0]);
  // A clock that was set back.
  expect([untold.add("a", 1, 1_000_000), untold.add("a", 1, 0)]).toEqual([true, true]);
});

describe("a series that takes what servers and client keys report", () => {
  test("joins an exposure by one with an outcome by the other, each unit and event once", async () => {
    const series = await observe(shop.project, "public", aSeries({ source: "any" }));
    const units = Array.from({ length: 12 }, (_, n) => `both-${n}`);
    const [first, second] = [units.slice(0, 6), units.slice(6)];
    await send(
      shop.server,
      first.map((unit) => exposure(unit)),
    );
    await send(
      shop.client,
      second.map((unit) => exposure(unit)),
    );
    const failed = {
      client: first.map((unit) => outcome(unit, false)),
      server: second.map((unit) => outcome(unit, false)),
    };
    for (let attempt = 0; attempt < 2; attempt++) {
      await send(shop.client, failed.client);
      await send(shop.server, failed.server);
    }
    const { arms, unattributed, conflicting } = await totalsOf(shop.project, series.id);
    expect(arms.on).toMatchObject({ exposed: 12, metrics: { errors: { units: 12, failures: 12 } } });
    expect([unattributed, conflicting]).toEqual([0, 0]);
    const { stored, duplicate } = await done("GET", `${shop.at}/environments/production/events/stats`);
    expect(stored).toEqual({
      ...{ "server.exposure": 6, "server.outcome": 6 },
      ...{ "client.exposure": 6, "client.outcome": 6 },
    });
    expect(duplicate).toBe(12);
  });

  test("stands beside one that takes servers' events only, and neither counts what is the other's", async () => {
    const both = await observe(shop.project, "public", aSeries({ source: "any" }));
    const servers = await observe(shop.project, "targeted", aSeries({ id: `${both.id}-servers` }));
    await send(shop.server, [exposure("u1"), { ...exposure("u1"), flag: "targeted" }]);
    await send(shop.server, [outcome("u1", false)]);
    await send(shop.client, [outcome("u1", false)]);
    for (const { id } of [both, servers]) {
      const { arms, unattributed } = await totalsOf(shop.project, id);
      expect(arms.on).toMatchObject({ exposed: 1, metrics: { errors: { units: 1, failures: 1 } } });
      // What the client key said of a unit that only servers exposed is told apart, as ever.
      expect(unattributed).toBe(id === servers.id ? 1 : 0);
    }
  });
});

test("a guard stops harm that servers report while the shards of client keys answer nobody", async () => {
  const { project, server, flag } = await guardedShop();
  await runInDurableObject(guardStub(project), (running: DurableObject) => {
    running.alarm = async () => {};
  });
  await sendAll(server, visits(200, { on: 40, off: 2 }));
  const never = new Promise<Response>(() => {});
  const { namespace } = noting((name, pass) => (shardIn(name) < TELEMETRY_SHARDS ? pass() : never));
  await runInDurableObject(guardStub(project), (_running: DurableObject, state) =>
    new Guard(state, { ...env, TELEMETRY_SHARD: namespace }).alarm(),
  );
  expect(await isKilled(flag)).toBe(true);
}, 40_000);

test("a beacon whose key is refused is not parsed, and one whose text shows two keys is", async () => {
  const unknown = `${shop.client.slice(0, -4)}0000`;
  const body = (text: string) =>
    events(
      new Request(`${ORIGIN}${EVENTS}`, { method: "POST", headers: { "Content-Type": "text/plain" }, body: text }),
      env,
      createExecutionContext(),
    );
  expect((await body(`{"key": "${unknown}", "events": [}`)).status).toBe(401);
  expect((await body(`{"key": "${shop.client}", "events": [}`)).status).toBe(400);
  const named = { ...exposure("u1"), unit: { targetingKey: "u1", key: unknown } };
  const batch = { batchId: "b", sentAt: Date.now(), events: [named], key: shop.client };
  expect((await body(JSON.stringify(batch))).status).toBe(202);
});
