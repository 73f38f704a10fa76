import { beforeAll, describe, expect, test } from "vitest";
import { LEAST_VIEW_MS } from "../objects/test-ledger/door-doubts.ts";
import { aDoor, sent, withTest } from "../testing/demand.ts";
import { api, done, fetched } from "../testing/http.ts";

const FLAG = "gift-cards";
let shop: Awaited<ReturnType<typeof withTest>>;
beforeAll(async () => {
  shop = await withTest(FLAG, aDoor({ networkCap: 3 }));
});

type From = Parameters<typeof sent>[2];
const door = (action: string, person: string, more: object = {}, from?: From, flag = FLAG, key = shop.client) =>
  sent(`/v1/doors/${flag}/${action}`, { key, context: { targetingKey: person }, ...more }, from);
const opened = async (person: string, from?: From) => (await door("open", person, {}, from)).json;
const looked = () => scheduler.wait(LEAST_VIEW_MS + 30);

/** Sees the door for long enough, and clicks it when asked to. */
async function visit(
  person: string,
  { clicks = false, ...more }: { clicks?: boolean; user?: string } = {},
  from?: From,
) {
  const { nonce } = await opened(person, from);
  await looked();
  expect((await door("seen", person, { nonce, ...more }, from)).status).toBe(200);
  if (clicks) expect((await door("click", person, { nonce, ...more }, from)).json).toEqual({ state: "clicked" });
  return nonce as string;
}
const counts = async () => {
  const { demand } = await shop.results();
  return { seen: demand.demand.seen, clicked: demand.demand.clicked, all: demand.withSuspicious.seen };
};
/** What a visit adds to the counts. */
async function added(work: () => Promise<unknown>) {
  const before = await counts();
  await work();
  const after = await counts();
  return { seen: after.seen - before.seen, clicked: after.clicked - before.clicked, all: after.all - before.all };
}
let networks = 0;
const elsewhere = () => ({ ip: `198.51.${networks++}.7` });

describe("a person counts once", () => {
  test("whatever they send again, and is thanked from the first click on", async () => {
    const from = elsewhere();
    expect(
      await added(async () => {
        const nonce = await visit("u1", { clicks: true }, from);
        for (const action of ["seen", "click", "seen"]) await door(action, "u1", { nonce }, from);
        await visit("u1", { clicks: true }, from);
      }),
    ).toEqual({ seen: 1, clicked: 1, all: 1 });
    expect(await opened("u1", from)).toMatchObject({ state: "clicked", thanks: "Thank you" });
  });

  test("who saw and did not click is asked again, and may click later", async () => {
    const from = elsewhere();
    const nonce = await visit("u2", {}, from);
    expect((await opened("u2", from)).state).toBe("seen");
    expect(await added(() => door("click", "u2", { nonce }, from))).toEqual({ seen: 0, clicked: 1, all: 0 });
  });

  test("with two browsers, as soon as a server says that both are one user's, and twice again when it takes that back", async () => {
    const from = elsewhere();
    const join = (person: string, user: string | null) => door("join", person, { user }, undefined, FLAG, shop.server);
    expect(
      await added(async () => {
        await visit("laptop", {}, from);
        await visit("phone", { clicks: true }, from);
      }),
    ).toEqual({ seen: 2, clicked: 1, all: 2 });
    const joined = await added(async () => {
      expect((await join("laptop", "kim")).json).toEqual({ state: "seen" });
      expect((await join("phone", "kim")).json).toEqual({ state: "clicked" });
    });
    expect(joined).toEqual({ seen: -1, clicked: 0, all: -1 });
    const onTablet = await door("open", "tablet", { user: "kim" }, undefined, FLAG, shop.server);
    expect(onTablet.json.state).toBe("clicked");
    expect(await added(() => join("phone", null))).toEqual({ seen: 1, clicked: 0, all: 1 });
    expect((await opened("laptop", from)).state).toBe("seen");
  });

  test("who signs in on one browser stays the same person, whatever it says of its user", async () => {
    const from = elsewhere();
    expect(
      await added(async () => {
        await visit("u3", {}, from);
        await visit("u3", { user: "lee", clicks: true }, from);
      }),
    ).toEqual({ seen: 1, clicked: 1, all: 1 });
  });

  test("a server that names the user with its own reports joins as well", async () => {
    const report = async (person: string, user: string | null) => {
      const at = (action: string, more: object = {}) => door(action, person, more, undefined, FLAG, shop.server);
      const { nonce } = (await at("open")).json;
      return at("seen", { nonce, user });
    };
    expect(
      await added(async () => {
        await report("desktop", "ada");
        await report("watch", "ada");
      }),
    ).toEqual({ seen: 1, clicked: 0, all: 1 });
    expect(await added(() => report("watch", null))).toEqual({ seen: 1, clicked: 0, all: 1 });
  });

  test("only a server can join, and says whom", async () => {
    expect((await door("join", "laptop", { user: "kim" })).status).toBe(403);
    const without = await door("join", "laptop", {}, undefined, FLAG, shop.server);
    expect([without.status, without.json.errorDetails]).toEqual([
      400,
      "user: send the user's id, or null when this browser is nobody's",
    ]);
    const elsewhere = await door("join", "laptop", { user: "kim" }, undefined, "nowhere", shop.server);
    expect(elsewhere.status).toBe(404);
  });
});

describe("a nonce", () => {
  test("is another person's, another door's or made up: nothing is counted", async () => {
    const { nonce } = await opened("u4");
    expect(
      await added(async () => {
        for (const wrong of [nonce.replace(/on$/, "off"), "1.2.3.on", ""])
          expect((await door("seen", "u4", { nonce: wrong })).status).toBe(409);
        expect((await door("seen", "u5", { nonce })).status).toBe(409);
      }),
    ).toEqual({ seen: 0, clicked: 0, all: 0 });
  });

  test("comes from a route that no cache keeps", async () => {
    const answer = await door("open", "u6");
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
    expect(answer.headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect((await opened("u6")).nonce).not.toBe((await opened("u6")).nonce);
  });
});

describe("the suspicious are kept apart", () => {
  test("bots, by their own word", async () => {
    const bot = { ...elsewhere(), agent: "Mozilla/5.0 (compatible; Examplebot/2.1)" };
    expect(await added(() => visit("bot", { clicks: true }, bot))).toEqual({ seen: 0, clicked: 0, all: 1 });
  });

  test("clicks faster than a person reads", async () => {
    const from = elsewhere();
    const hasty = async () => {
      const { nonce } = await opened("hasty", from);
      await door("click", "hasty", { nonce }, from);
    };
    expect(await added(hasty)).toEqual({ seen: 0, clicked: 0, all: 1 });
  });

  test("those of a network beyond its cap, and nobody of another network", async () => {
    const crowd = elsewhere();
    const people = Array.from({ length: 5 }, (_, index) => `crowd-${index}`);
    const all = await added(() => Promise.all(people.map((person) => visit(person, {}, crowd))));
    expect(all).toEqual({ seen: 3, clicked: 0, all: 5 });
    expect(await added(() => visit("neighbour", {}, elsewhere()))).toEqual({ seen: 1, clicked: 0, all: 1 });
  });
});

describe("a server speaks for people of its own", () => {
  test("by the door's routes, whose network and haste are not held against them", async () => {
    const people = Array.from({ length: 5 }, (_, index) => `of-server-${index}`);
    const visitAtOnce = async (person: string) => {
      const at = (action: string, more: object = {}) => door(action, person, more, undefined, FLAG, shop.server);
      const { nonce } = (await at("open")).json;
      await at("click", { nonce });
    };
    expect(await added(() => Promise.all(people.map(visitAtOnce)))).toEqual({ seen: 5, clicked: 5, all: 5 });
  });

  test("by its events, once however often they come; a client key's events count for no door", async () => {
    const time = Date.now();
    const unit = { targetingKey: "reported" };
    const events = [
      { id: "e1", type: "exposure", unit, time: time - 60_000, flag: FLAG, variant: "on" },
      { id: "e2", type: "exposure", unit: { targetingKey: "left-out" }, time, flag: FLAG, variant: "off" },
      { id: "e3", type: "click", unit, time, flag: FLAG },
    ];
    const report = (key: string, batchId: string) => sent("/v1/events", { key, batchId, sentAt: time, events });
    expect(await added(() => report(shop.client, "client"))).toEqual({ seen: 0, clicked: 0, all: 0 });
    const before = await counts();
    for (const batchId of ["first", "again"]) expect((await report(shop.server, batchId)).status).toBe(202);
    await expect.poll(counts).toEqual({ seen: before.seen + 1, clicked: before.clicked + 1, all: before.all + 1 });
  });
});

test("a server's events whose time cannot be are refused, and count for no door", async () => {
  const now = Date.now();
  const seen = (id: string, time: number) => ({
    ...{ id, type: "exposure", unit: { targetingKey: id }, time, flag: FLAG, variant: "on" },
  });
  const report = (batch: object) => sent("/v1/events", { key: shop.server, batchId: crypto.randomUUID(), ...batch });
  const before = await counts();
  const answers = [
    await report({ events: [seen("of-1970", 0), seen("of-tomorrow", now + 86_400_000)] }),
    await report({ sentAt: 0, events: [seen("sent-in-1970", 5)] }),
    await report({ sentAt: 8e15, events: [seen("before-time", 1_000)] }),
  ];
  const codes = answers.flatMap(({ json }) => json.rejected.map(({ code }: { code: string }) => code));
  expect(codes).toEqual(["too-old", "in-future", "clock-skew", "clock-skew"]);
  await report({ sentAt: now, events: [seen("of-today", now)] });
  await expect.poll(counts).toEqual({ ...before, seen: before.seen + 1, all: before.all + 1 });
});

describe("a visitor who is not shown the door", () => {
  const unknown = (flag: string) => ({
    key: flag,
    errorCode: "FLAG_NOT_FOUND",
    errorDetails: "there is no flag of this key",
  });

  test("is answered alike for an unknown flag, one of another kind, and a door that is not open", async () => {
    await done("PUT", `${shop.state}/other-door/test`, { settings: aDoor() });
    for (const flag of ["nowhere", "public", "server-only", "other-door"]) {
      const answer = await door("open", "u7", {}, undefined, flag);
      expect([answer.status, answer.json]).toEqual([404, unknown(flag)]);
    }
  });

  test("a key that is unknown opens nothing, whatever the flag", async () => {
    for (const flag of [FLAG, "nowhere"]) {
      const answer = await door("open", "u7", {}, undefined, flag, shop.client.replace(/.{4}$/, "0000"));
      expect(answer.status).toBe(401);
    }
  });

  test("without a person there is no door", async () => {
    expect((await sent(`/v1/doors/${FLAG}/open`, { key: shop.client, context: {} })).status).toBe(404);
  });

  test.each([
    ["no JSON", "{", 400],
    ["too large", `{"key":"${"x".repeat(70_000)}"}`, 413],
    ["__proto__", '{"context":{"__proto__":1}}', 400],
  ])("a body that is %s is refused", async (_what, body, status) => {
    expect((await fetched(`/v1/doors/${FLAG}/open`, { method: "POST", body })).status).toBe(status);
  });
});

describe("a preview", () => {
  test("shows a door before its test has begun, and counts nobody; not beneath a kill", async () => {
    const own = await withTest("soup", aDoor());
    await done("POST", `${own.test}/stop`, {});
    const { token } = await done("POST", `${own.state}/soup/previews`, { variant: "on" });
    const tried = (action: string, more: object, key = own.client) =>
      sent(`/v1/doors/soup/${action}`, { key, context: { targetingKey: "u1", ...more }, nonce: "" });
    const shown = { nonce: "", state: "preview", message: "Gift cards are not here yet.", thanks: "Thank you" };
    const preview = { blastdoorPreview: token };
    expect((await tried("open", {})).status).toBe(404);
    expect((await tried("open", preview)).json).toEqual(shown);
    await done("POST", `${own.test}/start`, {});
    expect((await tried("open", {})).json).toMatchObject({ state: "new" });
    for (const action of ["open", "seen", "click"]) expect((await tried(action, preview)).json).toEqual(shown);
    expect((await own.results()).demand.withSuspicious).toMatchObject({ seen: 0, clicked: 0 });
    await done("POST", `${own.state}/soup/kill`, {});
    expect((await tried("open", preview)).status).toBe(404);
  });

  test("of another flag, of the off variant, or made up is none", async () => {
    const own = await withTest("bread", aDoor());
    await done("POST", `${own.test}/stop`, {});
    const tokenFor = async (flag: string, variant: string) =>
      (await done("POST", `${own.state}/${flag}/previews`, { variant })).token;
    for (const blastdoorPreview of [await tokenFor("public", "on"), await tokenFor("bread", "off"), "x"]) {
      const context = { targetingKey: "u1", blastdoorPreview };
      expect((await sent("/v1/doors/bread/open", { key: own.client, context })).status).toBe(404);
    }
  });
});

describe("results", () => {
  test("stay as they were when the test stopped, and begin anew with the next run", async () => {
    const own = await withTest("tea", aDoor());
    const body = { key: own.client, context: { targetingKey: "u1" } };
    const { nonce } = (await sent("/v1/doors/tea/open", body)).json;
    await looked();
    await sent("/v1/doors/tea/click", { ...body, nonce });
    await done("POST", `${own.test}/stop`, {});
    const stopped = await own.results();
    expect(stopped.demand.demand).toMatchObject({ seen: 1, clicked: 1 });
    expect(stopped.demand.byDevice).toEqual([{ name: "desktop", seen: 1, clicked: 1, rate: 1 }]);
    expect((await sent("/v1/doors/tea/open", body)).status).toBe(404);
    await done("POST", `${own.test}/start`, {});
    expect((await own.results()).demand.demand.seen).toBe(0);
    expect((await sent("/v1/doors/tea/seen", { ...body, nonce })).status).toBe(409);
  });

  test("stop the test by themselves once as many people as planned have seen it", async () => {
    const own = await withTest("coffee", aDoor({ targetPeople: 20, stopWhenDecided: false }));
    const people = Array.from({ length: 20 }, (_, index) => ({
      key: own.client,
      context: { targetingKey: `u${index}` },
    }));
    const nonces = await Promise.all(
      people.map(async (body) => (await sent("/v1/doors/coffee/open", body)).json.nonce),
    );
    await looked();
    await Promise.all(people.map((body, index) => sent("/v1/doors/coffee/seen", { ...body, nonce: nonces[index] })));
    await expect.poll(async () => (await done("GET", own.test)).stopReason, { interval: 200 }).toBe("sample");
    const [last] = (await done("GET", `${own.at}/audit?after=0&limit=200`)).rows.slice(-1);
    expect(last).toMatchObject({ action: "stopTest", actor: { type: "system", name: "Stop rule" } });
  });

  test("travel as CSV that no spreadsheet takes for a formula", async () => {
    const { text, headers } = await api("GET", `${shop.state}/${FLAG}/results?format=csv`);
    expect(headers.get("Content-Type")).toBe("text/csv; charset=utf-8");
    expect(text.split("\r\n")[0]).toBe("table,name,seen,clicked,rate,lower,upper");
    expect(text).toMatch(/^total,without suspicious,\d+,\d+,/m);
    expect(text).not.toMatch(/^[=+@]/m);
  });

  test("are gone with the test", async () => {
    const own = await withTest("cocoa", aDoor());
    await sent("/v1/pages", { key: own.client, flags: ["cocoa"] });
    await expect.poll(async () => (await own.results()).pages.length).toBe(1);
    await done("POST", `${own.test}/stop`, {});
    expect((await api("DELETE", own.test)).status).toBe(204);
    await done("PUT", own.test, { settings: aDoor() });
    expect((await own.results()).pages).toEqual([]);
  });
});

test("a page that carries the markup is seen, by its origin; unknown flags are answered alike and leave nothing", async () => {
  const tell = (flags: string[]) => sent("/v1/pages", { key: shop.client, flags }, { origin: "https://shop.example" });
  const [known, unknown] = await Promise.all([tell([FLAG]), tell(["nowhere"])]);
  expect([known.status, known.text, unknown.status, unknown.text]).toEqual([204, "", 204, ""]);
  await expect
    .poll(async () => (await shop.results()).pages)
    .toEqual([{ origin: "https://shop.example", at: expect.any(String) }]);
});
