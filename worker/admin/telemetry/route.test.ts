import { runInDurableObject } from "cloudflare:test";
import { beforeAll, expect, test } from "vitest";
import { ALL_TELEMETRY_SHARDS } from "../../objects/telemetry-shard/unit-hash.ts";
import { env } from "../../testing/bindings.ts";
import { api, done, newShop } from "../../testing/http.ts";
import { anEvent, observe, send, totalsOf } from "../../testing/telemetry.ts";

let shop: Awaited<ReturnType<typeof newShop>>;
let events: string;
beforeAll(async () => {
  shop = await newShop();
  events = `${shop.at}/environments/production/events`;
});

const exposure = (unit: string, variant: string) => anEvent("exposure", unit, { flag: "public", variant });

/** Everything that every shard of the shop's production holds, as text. */
async function everything(): Promise<string> {
  const dumps: string[] = [];
  for (let shard = 0; shard < ALL_TELEMETRY_SHARDS; shard++) {
    const stub = env.TELEMETRY_SHARD.get(env.TELEMETRY_SHARD.idFromName(`${shop.project}/production/${shard}`));
    dumps.push(
      await runInDurableObject(stub, (_shard: DurableObject, { storage }) => {
        const tables = [...storage.sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")]
          .map(({ name }) => name)
          .filter((name) => !name.startsWith("_cf_"));
        return JSON.stringify(tables.map((table) => [...storage.sql.exec(`SELECT * FROM ${table}`)]));
      }),
    );
  }
  return dumps.join("\n");
}

test("stats tell what was stored and how much goes on now", async () => {
  expect((await done("GET", `${events}/stats`)).stored).toEqual({});
  const units = Array.from({ length: 30 }, (_, n) => `u${n}`);
  await send(
    shop.server,
    units.flatMap((unit) => [exposure(unit, "on"), exposure(unit, "on")]),
  );
  await send(shop.server, [anEvent("outcome", "u1", { metric: "checkout", ok: false })]);
  const stats = await done("GET", `${events}/stats`);
  expect(stats).toMatchObject({
    stored: { "server.exposure": 60, "server.outcome": 1 },
    duplicate: 0,
    shed: { server: 0, client: 0 },
    keep: { server: 1, client: 1 },
  });
  // What a client key says of its visitors moves nothing that is planned with, nor do staff and bots.
  await send(shop.client, [exposure("made-up", "on"), anEvent("outcome", "made-up", { metric: "made-up", ok: true })]);
  await send(shop.server, [anEvent("exposure", "robot", { flag: "public", variant: "on", marks: ["bot"] })]);
  const { traffic } = await done("GET", `${events}/stats?flag=other`);
  expect([traffic.all, traffic.flags]).toEqual([{ exposures: 60, units: 30 }, {}]);
  expect(Object.keys(traffic.metrics)).toEqual(["checkout"]);
  expect(stats.traffic.flags.public).toEqual({ exposures: 60, units: 30 });
  expect(stats.traffic.metrics.checkout).toEqual({ events: 1, judged: 1, failed: 1 });
});

test("a flag's events: nothing, the running series, an earlier one", async () => {
  const flag = `${shop.state}/public/events`;
  expect(await done("GET", flag)).toEqual({ series: null, totals: null, days: [] });
  const first = await observe(shop.project, "public");
  await send(shop.server, [exposure("a", "on"), anEvent("conversion", "a", { metric: "orders" })]);
  const running = await done("GET", flag);
  expect(running.series).toEqual(first);
  expect(running.totals.arms.on.metrics.orders).toEqual({ kind: "conversion", units: 1, conversions: 1 });
  const day = new Date().toISOString().slice(0, 10);
  expect(running.days).toEqual([{ day, arms: { on: { exposed: 1, metrics: { orders: 1 } } } }]);
  await observe(shop.project, "public");
  expect((await done("GET", flag)).totals).toBeNull();
  const earlier = await done("GET", `${flag}?series=${encodeURIComponent(first.id)}`);
  expect([earlier.series, earlier.totals.arms.on.exposed]).toEqual([null, 1]);
});

test("what is not there: 404", async () => {
  expect((await api("GET", `${shop.at}/environments/gone/events/stats`)).json.code).toBe("environment-not-found");
  expect((await api("GET", `${shop.state}/gone/events`)).json.code).toBe("flag-not-found");
  expect((await api("GET", "/projects/gone/environments/production/events/stats")).status).toBe(404);
});

test("nothing that is kept names anybody: neither units nor addresses nor ids", async () => {
  await observe(shop.project, "public");
  const headers = { "CF-Connecting-IP": "203.0.113.77", "User-Agent": "Secret-Browser/1.0" };
  const event = exposure("ada.lovelace@home.example", "on");
  await send(shop.client, [event], { headers });
  await send(shop.server, [{ ...event, unit: { targetingKey: "ada.lovelace@home.example", plan: "gold-club" } }]);
  const kept = await everything();
  for (const secret of ["ada.lovelace", "203.0.113.77", "Secret-Browser", event.id, "gold-club"])
    expect([secret, kept.includes(secret)]).toEqual([secret, false]);
});

test("a number that JSON rounds is refused, because it may be another person's", async () => {
  const { status, json } = await api("POST", `${events}/forget`, { unit: { accountId: 2 ** 53 } });
  expect([status, json.errors[0].field]).toEqual([422, "unit.accountId"]);
});

test("a person can be forgotten: no record or id of theirs is left, counts and others stay", async () => {
  const series = await observe(shop.project, "public");
  const before = await everything();
  await send(shop.server, [exposure("eve", "on"), exposure("bob", "on")]);
  await send(shop.client, [exposure("eve", "on")]);
  const forgotten = await done("POST", `${events}/forget`, { unit: { targetingKey: "eve" } });
  expect(forgotten).toEqual({ records: 2 });
  const rows = (text: string) => (text.match(/"unit":/g) ?? []).length;
  expect(rows(await everything()) - rows(before)).toBe(1);
  expect((await totalsOf(shop.project, series.id)).arms.on?.exposed).toBe(2);
  expect(await done("POST", `${events}/forget`, { unit: { targetingKey: "eve" } })).toEqual({ records: 0 });
});
