import { createExecutionContext } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { EVENT_LIMITS } from "../../shared/schema/telemetry.ts";
import { SYNTHETIC_HEADER, signSynthetic } from "../crypto/synthetic.ts";
import { flagStore } from "../objects/stubs.ts";
import { telemetryStats } from "../objects/telemetry-shard/totals.ts";
import { env } from "../testing/bindings.ts";
import { done, fetched, newShop } from "../testing/http.ts";
import { PRODUCTION } from "../testing/names.ts";
import { anEvent, armOf, aSeries, EVENTS, HALVES, observe, send, totalsOf } from "../testing/telemetry.ts";
import { SLOW_MS } from "./bytes-in-flight.ts";
import { events } from "./events.ts";

let shop: Awaited<ReturnType<typeof newShop>>;
beforeAll(async () => {
  shop = await newShop();
});

const exposure = (unit: string, variant: string, over = {}) =>
  anEvent("exposure", unit, { flag: "public", variant, ...over });
const HOUR = 3_600_000;

describe("a batch", () => {
  test("is as old as its first byte: a body that takes a while puts no clock right", async () => {
    const series = await observe(shop.project, "public");
    const sentAt = Date.now();
    const batch = (event: object) => JSON.stringify({ batchId: crypto.randomUUID(), sentAt, events: [event] });
    const slow = new TransformStream<Uint8Array, Uint8Array>();
    const writer = slow.writable.getWriter();
    const request = new Request(`http://blastdoor.test${EVENTS}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${shop.server}` },
      body: slow.readable,
    });
    const answered = events(request as never, env, createExecutionContext());
    const text = batch(exposure("drips", "on", { time: sentAt }));
    void writer.write(new TextEncoder().encode(text.slice(0, 40)));
    await scheduler.wait(2_500);
    void writer.write(new TextEncoder().encode(text.slice(40))).then(() => writer.close());
    expect((await answered).status).toBe(202);
    // A sender of whose clock nothing is known: what it says counts by our clock alone.
    const failed = anEvent("outcome", "drips", { metric: "checkout", ok: false, time: sentAt + 100 });
    await send(shop.server, { batchId: crypto.randomUUID(), events: [failed] });
    const { arms } = await totalsOf(shop.project, series.id);
    expect(arms.on?.metrics.errors).toEqual({ kind: "error", units: 1, failures: 1 });
  });

  test("is stored, each event once, however often it is sent", async () => {
    const events = [exposure("u1", "on"), anEvent("outcome", "u1", { metric: "checkout", ok: true })];
    const batch = { batchId: crypto.randomUUID(), sentAt: Date.now(), events };
    const first = await send(shop.server, batch);
    expect([first.status, first.json]).toEqual([202, { accepted: 2, duplicate: 0, rejected: [] }]);
    for (let attempt = 0; attempt < 3; attempt++)
      expect((await send(shop.server, batch)).json).toEqual({ accepted: 0, duplicate: 2, rejected: [] });
  });

  test("that holds an event twice stores it once; the same id of another unit is another event", async () => {
    const event = exposure("u2", "on");
    const { json } = await send(shop.server, [event, event, { ...event, unit: { targetingKey: "u3" } }]);
    expect(json).toEqual({ accepted: 2, duplicate: 1, rejected: [] });
  });

  test("loses nothing to a bad event in it, and names each by its place", async () => {
    const good = exposure("u4", "on");
    const { status, json } = await send(shop.server, [
      good,
      { ...good, type: "guess" },
      { ...good, unit: {} },
      { ...good, surprise: 1 },
      "text",
      null,
      { ...good, flag: "no-such-flag" },
      anEvent("exposure", "u4", { variant: "on" }),
      { ...good, time: Date.now() - 25 * HOUR },
      { ...good, time: Date.now() + HOUR },
      exposure("u5", "on"),
    ]);
    expect(status).toBe(202);
    expect(json).toEqual({
      accepted: 2,
      duplicate: 0,
      rejected: [
        ...[1, 2, 3, 4, 5].map((index) => ({ index, code: "invalid-event" })),
        { index: 6, code: "unknown-flag" },
        { index: 7, code: "flag-missing" },
        { index: 8, code: "too-old" },
        { index: 9, code: "in-future" },
      ],
    });
  });

  test("from a clock that is 20 hours wrong is taken, from one that is 25 hours wrong refused", async () => {
    const from = (off: number) =>
      send(shop.server, {
        batchId: "b",
        sentAt: Date.now() + off,
        events: [exposure("u6", "on", { time: Date.now() + off - 1_000 })],
      });
    for (const off of [-20 * HOUR, 20 * HOUR]) expect((await from(off)).json.accepted).toBe(1);
    for (const off of [-25 * HOUR, 25 * HOUR])
      expect((await from(off)).json.rejected).toEqual([{ index: 0, code: "clock-skew" }]);
  });

  test("may have no events", async () => {
    expect((await send(shop.server, [])).json).toEqual({ accepted: 0, duplicate: 0, rejected: [] });
  });
});

describe("the request", () => {
  const batch = () => ({ batchId: "b", events: [exposure(crypto.randomUUID(), "on")] });

  test("may carry its key in a header or, as beacons must, in the body", async () => {
    const headers: Record<string, string>[] = [
      { "X-API-Key": shop.client },
      { Authorization: `Bearer ${shop.client}` },
    ];
    for (const one of headers) expect((await send(null, batch(), { headers: one })).json.accepted).toBe(1);
    for (const type of ["text/plain;charset=UTF-8", "application/json"])
      expect((await send(null, { ...batch(), key: shop.client }, { type })).json.accepted).toBe(1);
  });

  test("without a key in force is refused: 401", async () => {
    const unknown = `${shop.client.slice(0, -4)}0000`;
    for (const key of [undefined, "", "nonsense", unknown, unknown.replace(shop.project, "nowhere")]) {
      const { status, json, headers } = await send(null, { ...batch(), ...(key === undefined ? {} : { key }) });
      expect([status, json.code, headers.get("Access-Control-Allow-Origin")]).toEqual([401, "unauthenticated", "*"]);
    }
  });

  test("from an origin that its key does not name is refused: 403", async () => {
    const key = await shop.key("client", "production", ["https://shop.example"]);
    const from = (origin: string) => send(key, batch(), { headers: { Origin: origin } });
    expect((await from("https://shop.example")).status).toBe(202);
    expect((await from("https://evil.example")).status).toBe(403);
  });

  test("is bounded: too many events, too many bytes, another type, no JSON, unknown fields", async () => {
    const many = Array.from({ length: EVENT_LIMITS.perBatch + 1 }, () => exposure("u1", "on"));
    expect((await send(shop.server, many)).json.code).toBe("too-many-events");
    const large = await send(shop.server, { batchId: "x".repeat(EVENT_LIMITS.bodyBytes), events: [] });
    expect([large.status, large.json.code]).toEqual([413, "body-too-large"]);
    expect((await send(shop.server, batch(), { type: "application/x-www-form-urlencoded" })).status).toBe(415);
    const broken = await fetched(EVENTS, {
      method: "POST",
      headers: { Authorization: `Bearer ${shop.server}`, "Content-Type": "application/json" },
      body: "{",
    });
    expect([broken.status, broken.json.code]).toEqual([400, "json-invalid"]);
    const unknown = await send(shop.server, { ...batch(), surprise: 1 });
    expect([unknown.status, unknown.json.errors?.[0]?.field]).toEqual([400, "surprise"]);
    expect((await send(shop.server, { events: [] })).json.errors?.[0]?.field).toBe("batchId");
  });

  test("may come from any page: preflight and answer say so", async () => {
    const preflight = await fetched(EVENTS, { method: "OPTIONS" });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("Access-Control-Allow-Headers")).toContain("X-API-Key");
    expect((await send(shop.client, batch())).headers.get("Access-Control-Allow-Origin")).toBe("*");
  });
});

describe("batches whose bodies never end", () => {
  const endless = (token: string | null) => {
    let fail: (reason: Error) => void = () => {};
    let write: (bytes: Uint8Array) => void = () => {};
    const body = new ReadableStream({
      start: (controller) => {
        fail = (reason) => controller.error(reason);
        write = (bytes) => controller.enqueue(bytes);
      },
    });
    const headers = { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
    const request = new Request(`http://blastdoor.test${EVENTS}`, { method: "POST", headers, body });
    const answer = events(request, env, createExecutionContext()).catch(() => null);
    const end = () => {
      try {
        fail(new Error("gone"));
      } catch {
        // It was cancelled by who read it.
      }
    };
    return { answer, end, write };
  };
  const good = (unit: string) => [exposure(unit, "on")];

  test.each([
    ["a client key", () => shop.client],
    ["no key", () => null],
    ["a key that only looks like a server's", () => shop.server.replace(/.{4}$/, "0000")],
  ])("with %s keep no server out", async (_whose, token) => {
    const held = Array.from({ length: 20 }, () => endless(token()));
    try {
      await scheduler.wait(50);
      expect((await send(shop.server, good("heard"))).status).toBe(202);
    } finally {
      for (const one of held) one.end();
      await Promise.all(held.map(({ answer }) => answer));
    }
  });

  test.each([
    ["a client key", () => shop.client],
    ["no key", () => null],
  ])(
    "with %s keep no other client out, a thousand of them, and are told when they have gone on for too long",
    async (_whose, token) => {
      const held = Array.from({ length: 1_000 }, () => endless(token()));
      try {
        await scheduler.wait(50);
        expect((await send(shop.client, good("among them"))).status).toBe(202);
      } finally {
        const [first] = held;
        expect([(await first?.answer)?.status, await (await first?.answer)?.json()]).toMatchObject([
          408,
          { code: "body-incomplete" },
        ]);
        for (const one of held) one.end();
        await Promise.all(held.map(({ answer }) => answer));
      }
      expect((await send(shop.client, good("afterwards"))).status).toBe(202);
    },
  );

  test("after much of them has come, give way to those that come whole", async () => {
    const held = Array.from({ length: 6 }, () => endless(shop.client));
    for (const one of held) one.write(new Uint8Array(200_000).fill(32));
    // Not before they are slow: what is sent at once and whole is no attack.
    await scheduler.wait(SLOW_MS + 100);
    expect((await send(shop.client, good("whole"))).status).toBe(202);
    for (const one of held) one.end();
    await Promise.all(held.map(({ answer }) => answer));
  });

  test("of real servers give way to no made-up server key", async () => {
    const held = Array.from({ length: 8 }, () => endless(shop.server));
    for (const one of held) one.write(new Uint8Array(EVENT_LIMITS.bodyBytes - 20).fill(32));
    await scheduler.wait(SLOW_MS + 100);
    const madeUp = `bds_${shop.project}_production_${"0".repeat(40)}`;
    for (let n = 0; n < 8; n++) expect((await send(madeUp, good("made up"))).status).toBe(401);
    for (const one of held) one.write(new Uint8Array(1).fill(32));
    // Whose room went to others is told so by its next byte.
    await scheduler.wait(100);
    for (const one of held) one.end();
    const answers = await Promise.all(held.map(({ answer }) => answer));
    expect(answers.map((answer) => answer?.status)).not.toContain(503);
  });
});

describe("a client key", () => {
  test("learns nothing about flags from what becomes of its events", async () => {
    const series = aSeries({ by: "account" });
    await observe(shop.project, "server-only", series);
    const about = (flag: string) => anEvent("exposure", "u1", { flag, variant: "on" });
    const answers = await Promise.all(
      ["server-only", "no-such-flag", "public"].map((flag) => send(shop.client, [about(flag)])),
    );
    for (const { status, text } of answers)
      expect([status, text]).toEqual([202, '{"accepted":1,"duplicate":0,"rejected":[]}']);
    expect((await send(shop.server, [about("server-only")])).json.rejected).toEqual([
      { index: 0, code: "unit-attribute-missing" },
    ]);
  });
});

describe("an observed flag", () => {
  test("joins outcomes to the arm of the unit's exposure, in whatever order a batch holds them", async () => {
    const series = await observe(shop.project, "public");
    const outcome = (unit: string, over: object) => anEvent("outcome", unit, { metric: "checkout", ...over });
    await send(shop.server, [
      outcome("a", { ok: false, latencyMs: 900 }),
      exposure("a", "on"),
      exposure("b", "off"),
      exposure("c", "off"),
      outcome("b", { ok: true, latencyMs: 100 }),
      anEvent("conversion", "c", { metric: "orders" }),
      outcome("stranger", { ok: false }),
    ]);
    const { arms, unattributed } = await totalsOf(shop.project, series.id);
    expect(arms.on).toMatchObject({ exposed: 1, metrics: { errors: { units: 1, failures: 1 }, slow: { units: 1 } } });
    expect(arms.off).toMatchObject({
      exposed: 2,
      metrics: { errors: { units: 1, failures: 0 }, orders: { units: 2, conversions: 1 } },
    });
    expect(unattributed).toBe(1);
  });

  test("takes an exposure that comes after its outcome, if it happened before", async () => {
    const series = await observe(shop.project, "public");
    const time = Date.now();
    await send(shop.server, [anEvent("outcome", "late", { metric: "checkout", ok: false, time })]);
    expect((await totalsOf(shop.project, series.id)).unattributed).toBe(1);
    await send(shop.server, [exposure("late", "on", { time: time - 500 })]);
    const { arms, unattributed } = await totalsOf(shop.project, series.id);
    expect([arms.on?.metrics.errors, unattributed]).toEqual([{ kind: "error", units: 1, failures: 1 }, 0]);
  });

  test("counts only what its split gives: other rules, stale variants and made-up ones are mismatched", async () => {
    const series = await observe(shop.project, "public", aSeries({ ranges: HALVES, rule: "canary" }));
    const units = Array.from({ length: 40 }, (_, n) => `u${n}`);
    await send(
      shop.server,
      units.map((unit) => exposure(unit, "on")),
    );
    const on = units.filter((unit) => armOf("public", unit) === "on").length;
    const totals = await totalsOf(shop.project, series.id);
    expect([totals.arms.on?.exposed, totals.arms.off?.exposed, totals.mismatched]).toEqual([on, 0, 40 - on]);
    const fresh = Array.from({ length: 60 }, (_, n) => `v${n}`).filter((unit) => armOf("public", unit) === "on");
    await send(shop.server, [
      exposure(fresh[0] ?? "", "on", { rule: "staff" }),
      exposure(fresh[1] ?? "", "on", { reason: "TARGETING_MATCH" }),
      exposure(fresh[2] ?? "", "on", { rule: "canary", reason: "SPLIT" }),
    ]);
    const later = await totalsOf(shop.project, series.id);
    expect([later.arms.on?.exposed, later.mismatched]).toEqual([on + 1, 40 - on + 2]);
  });

  test("never counts what happened before it began", async () => {
    const series = await observe(shop.project, "public", aSeries({ startedAt: Date.now() }));
    await send(shop.server, [exposure("early", "on", { time: series.startedAt - 5_000 })]);
    const { arms } = await totalsOf(shop.project, series.id);
    expect(arms.on?.exposed).toBe(0);
  });

  test("tells apart staff by segment, bots and previews by request, synthetic units by mark", async () => {
    await done("PUT", `${shop.at}/segments/staff`, {
      when: { attribute: "email", op: "ends_with", values: ["@shop.example"] },
    });
    const series = await observe(shop.project, "public", aSeries({ staff: "staff", source: "any" }));
    const unit = (targetingKey: string, email: string) => ({ unit: { targetingKey, email } });
    await send(shop.server, [
      exposure("kim", "on", unit("kim", "kim@shop.example")),
      exposure("ada", "on", unit("ada", "ada@home.example")),
      exposure("probe", "on", { marks: ["synthetic"] }),
    ]);
    await send(shop.client, [exposure("crawler", "on")], { headers: { "User-Agent": "Googlebot/2.1" } });
    await send(shop.client, [exposure("peek", "on")], { headers: { "Sec-Purpose": "prefetch;prerender" } });
    // A server speaks for others: its own user agent says nothing about them.
    await send(shop.server, [exposure("shopper", "on")], { headers: { "User-Agent": "health-monitor-bot/1.0" } });
    const { arms, excluded } = await totalsOf(shop.project, series.id);
    expect([arms.on?.exposed, excluded]).toEqual([2, { staff: 1, bot: 1, preview: 1, synthetic: 1 }]);
  });

  test("tells apart signed synthetic traffic, from browsers and servers alike", async () => {
    const series = await observe(shop.project, "public", aSeries({ source: "any" }));
    const { key } = (await flagStore(env, shop.project).syntheticKey("production")) as { key: string };
    for (const [sender, signature] of [
      [shop.client, signSynthetic(key, Date.now())],
      [shop.server, signSynthetic(key, Date.now())],
      [shop.server, signSynthetic("another key", Date.now())],
    ] as const)
      await send(sender, [exposure(crypto.randomUUID(), "on")], { headers: { [SYNTHETIC_HEADER]: signature } });
    const { arms, excluded } = await totalsOf(shop.project, series.id);
    expect([arms.on?.exposed, excluded.synthetic]).toEqual([1, 2]);
  });

  test("of another unit of analysis joins by that attribute", async () => {
    const series = await observe(shop.project, "public", aSeries({ by: "account" }));
    const of = (targetingKey: string) => ({ unit: { targetingKey, account: "acme" } });
    await send(shop.server, [
      exposure("a", "on", of("a")),
      exposure("b", "on", of("b")),
      anEvent("outcome", "c", { metric: "checkout", ok: false, ...of("c") }),
    ]);
    const { arms } = await totalsOf(shop.project, series.id);
    expect(arms.on).toMatchObject({ exposed: 1, metrics: { errors: { units: 1, failures: 1 } } });
  });

  test("is closed by a kill for good: what comes later is kept apart, also after a restore", async () => {
    const series = await observe(shop.project, "public");
    await send(shop.server, [exposure("k1", "on"), exposure("k2", "off")]);
    await done("POST", `${shop.state}/public/kill`, { comment: "errors" });
    const fail = (unit: string) => anEvent("outcome", unit, { metric: "checkout", ok: false });
    await send(shop.server, [fail("k1"), exposure("k3", "on")]);
    await done("POST", `${shop.state}/public/restore`, { comment: "fixed" });
    await send(shop.server, [fail("k1")]);
    const { arms, afterKill } = await totalsOf(shop.project, series.id);
    expect([arms.on?.exposed, arms.on?.metrics.errors, afterKill]).toEqual([
      1,
      { kind: "error", units: 0, failures: 0 },
      3,
    ]);
  });

  test("joins an exposure whose batch was long on its way", async () => {
    const series = await observe(shop.project, "public");
    const sendAfter = (ms: number, events: { time: number }[]) =>
      send(shop.server, { batchId: crypto.randomUUID(), sentAt: Date.now() - ms, events });
    const time = Date.now() - 20_000;
    await sendAfter(20_000, [exposure("slow", "on", { time })]);
    await sendAfter(0, [anEvent("outcome", "slow", { metric: "checkout", ok: false, time: time + 2_000 })]);
    // The outcome may also be the first to be there.
    await sendAfter(0, [anEvent("outcome", "late", { metric: "checkout", ok: false, time: time + 2_000 })]);
    await sendAfter(20_000, [exposure("late", "on", { time })]);
    const { arms, unattributed } = await totalsOf(shop.project, series.id);
    expect([arms.on?.metrics.errors, unattributed]).toEqual([{ kind: "error", units: 2, failures: 2 }, 0]);
  });

  test("keeps its window when the next stage has begun", async () => {
    const first = await observe(shop.project, "public");
    await send(shop.server, [exposure("s1", "on")]);
    const second = await observe(shop.project, "public");
    await send(shop.server, [anEvent("outcome", "s1", { metric: "checkout", ok: false })]);
    expect((await totalsOf(shop.project, first.id)).arms.on?.metrics.errors).toMatchObject({ failures: 1 });
    expect((await totalsOf(shop.project, second.id)).unattributed).toBe(1);
  });
});

test("accepted is what is stored, by source and type", async () => {
  const other = await newShop();
  let accepted = 0;
  for (let batch = 0; batch < 5; batch++) {
    const events = Array.from({ length: 200 }, (_, n) => exposure(`u${batch % 2}-${n}`, "on"));
    accepted += (await send(other.server, events)).json.accepted;
  }
  accepted += (await send(other.client, [anEvent("click", "u1")])).json.accepted;
  const { stored } = await telemetryStats(env, other.project, PRODUCTION);
  expect(stored).toEqual({ "server.exposure": 1_000, "client.click": 1 });
  expect(accepted).toBe(1_001);
});
