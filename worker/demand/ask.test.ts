import { runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { Desk } from "../objects/desk/desk.ts";
import { env } from "../testing/bindings.ts";
import { aDesk, sent, withTest } from "../testing/demand.ts";
import { api, done, fetched, newToken } from "../testing/http.ts";
import { DeskLooks, GENUINE, GENUINE_PER_NETWORK, LOOKS_PER_ADDRESS, PLAIN, PLAIN_PER_NETWORK } from "./desk-looks.ts";

const FLAG = "advice";
let shop: Awaited<ReturnType<typeof withTest>>;
let desk: string;
let ada: string;
let ben: string;
beforeAll(async () => {
  shop = await withTest(FLAG, aDesk());
  desk = `${shop.at}/environments/production/desk`;
  ada = (await newToken("marketer", shop.project)).token;
  ben = (await newToken("marketer", shop.project)).token;
});

const newId = () => crypto.randomUUID();
let people = 0;
const ask = (id = newId(), { flag = FLAG, key = shop.client, person = `u${people++}` } = {}) =>
  sent(`/v1/ask/${flag}`, { key, id, context: { targetingKey: person }, input: { question: "Which tent?" } });
const asked = async () => (await ask()).json as { id: string; poll: string; status: string; deadline: string };
const by = (token: string, id: string, action: string, body: object = {}) =>
  api("POST", `${desk}/requests/${id}/${action}`, body, { token });
const look = (token = ada, query = "") => done("GET", `${desk}${query}`, undefined, { token });

describe("a request", () => {
  test("waits for a person, and their answer reaches the product that is waiting for it", async () => {
    const { id, poll, status } = await asked();
    expect(status).toBe("waiting");
    const waiting = fetched(`${poll}?wait=20`);
    expect((await by(ada, id, "claim")).json).toMatchObject({ mine: true, input: { question: "Which tent?" } });
    expect((await by(ada, id, "answer", { answer: { text: "The blue one" } })).status).toBe(200);
    expect((await waiting).json).toEqual({
      id,
      status: "answered",
      answer: { text: "The blue one" },
      deadline: expect.any(String),
    });
    expect((await fetched(poll)).json.status).toBe("answered");
  });

  test("is answered by stream as well", async () => {
    const { id, poll } = await asked();
    const waiting = fetched(poll, { headers: { Accept: "text/event-stream" } });
    await by(ada, id, "claim");
    await by(ada, id, "answer", { answer: "yes" });
    const { text, headers } = await waiting;
    expect(headers.get("Content-Type")).toContain("text/event-stream");
    expect(text).toMatch(/event: answer\ndata: \{.*"status":"answered","answer":"yes"/);
  });

  test("asked again with its id is the same one", async () => {
    const id = newId();
    const twice = await Promise.all([ask(id), ask(id)]);
    expect(twice.map(({ json }) => json.id)).toEqual([id, id]);
    expect((await look()).requests.filter((one: { id: string }) => one.id === id)).toHaveLength(1);
  });

  test("cannot be read without its id, and an id of another place is none", async () => {
    const { poll } = await asked();
    expect((await fetched(poll.replace(/[^/]+$/, newId()))).status).toBe(404);
    expect((await fetched(poll.replace("/production/", "/staging/"))).status).toBe(404);
    expect((await fetched(poll.replace(shop.project, "nobody"))).status).toBe(404);
    expect((await fetched(poll.replace(/[^/]+$/, "x"))).status).toBe(404);
  });
});

describe("the address of an answer", () => {
  const wait = (poll: string, ip: string) => fetched(`${poll}?wait=0`, { headers: { "CF-Connecting-IP": ip } });

  test("made up, is looked for at the desk at a bounded rate, and keeps no real one from being read", async () => {
    const { poll } = await asked();
    const ip = "198.51.100.66";
    const madeUp = () => poll.replace(/[^/]+$/, Math.random() < 0.5 ? newId() : `${newId()}.${"0".repeat(32)}`);
    const statuses: number[] = [];
    for (let n = 0; n < 150; n++) statuses.push((await wait(madeUp(), ip)).status);
    const reached = statuses.filter((status) => status === 404).length;
    expect(reached).toBeGreaterThan(0);
    expect(reached).toBeLessThan(100);
    const refused = await wait(madeUp(), ip);
    expect([refused.status, refused.headers.get("Retry-After")]).toEqual([503, "1"]);
    // From the flood's own network as well.
    expect((await wait(poll, ip)).json.status).toBe("waiting");
  });

  test("of the form of an earlier version is still read, of another request or place it is none of ours", async () => {
    const { id, poll } = await asked();
    const earlier = poll.replace(/\.[^./]+$/, "");
    expect(earlier).toMatch(new RegExp(`/${id}$`));
    expect((await wait(earlier, "198.51.101.7")).json.status).toBe("waiting");
    const other = await asked();
    const mark = other.poll.replace(/^.*\./, "");
    // By the lane of those that nobody vouches for: once that is used up, it is refused.
    const ip = "198.51.102.7";
    for (let n = 0; n < 60; n++) await wait(`${earlier}.${mark}`, ip);
    expect((await wait(`${earlier}.${mark}`, ip)).status).toBe(503);
  });

  test("is one of many that a flood of questions gave, which together are looked at at a bounded rate as well", () => {
    const looks = new DeskLooks();
    const passed = (tries: number, from: (n: number) => string) =>
      Array.from({ length: tries }, (_, n) => looks.wait(`shop/production/${from(n)}${n}`, from(n), 0)).filter(
        (pause) => pause === 0,
      ).length;
    expect(passed(2_000, () => "one network")).toBe(GENUINE_PER_NETWORK.burst);
    expect(passed(2_000, (n) => `network ${n}`)).toBe(GENUINE.burst - GENUINE_PER_NETWORK.burst);
    // Those that nobody vouches for have a lane of their own.
    expect(looks.wait(null, "another", 0)).toBe(0);
  });

  test("is read by GET alone: HEAD would wait, and take a place, for an answer that nobody reads", async () => {
    const { poll } = await asked();
    const { status, headers } = await fetched(poll, { method: "HEAD" });
    expect([status, headers.get("Allow")]).toEqual([405, "GET"]);
  });

  test("is not asked at more often than a product needs to", () => {
    const looks = new DeskLooks();
    const passed = (address: string | null, from: (n: number) => string) =>
      Array.from({ length: 500 }, (_, n) => looks.wait(address, from(n), 0)).filter((pause) => pause === 0).length;
    expect(passed("shop/production/x", () => "a")).toBe(LOOKS_PER_ADDRESS.burst);
    expect(passed(null, () => "a")).toBe(PLAIN_PER_NETWORK.burst);
    expect(passed(null, (n) => `${n}`)).toBe(PLAIN.burst - PLAIN_PER_NETWORK.burst);
  });
});

describe("two cannot answer the same", () => {
  test("one takes it, the other is told who has it", async () => {
    const { id } = await asked();
    const taken = await Promise.all([by(ada, id, "claim"), by(ben, id, "claim")]);
    expect(taken.map(({ status }) => status).sort()).toEqual([200, 409]);
    const [winner, loser] = taken[0]?.status === 200 ? [ada, ben] : [ben, ada];
    const refused = await by(loser, id, "answer", { answer: "mine" });
    expect([refused.status, refused.json.code]).toEqual([409, "claimed"]);
    expect((await by(winner, id, "answer", { answer: "mine" })).status).toBe(200);
    expect((await by(winner, id, "answer", { answer: "mine" })).status).toBe(200);
    expect((await by(winner, id, "answer", { answer: "another" })).json.code).toBe("already-done");
    expect((await by(loser, id, "claim")).json.code).toBe("already-done");
  });

  test("nobody answers without taking it, and handed back it is anybody's", async () => {
    const { id } = await asked();
    expect((await by(ada, id, "answer", { answer: 1 })).json.code).toBe("not-claimed");
    await by(ada, id, "claim");
    expect((await by(ben, id, "release")).json.code).toBe("claimed");
    expect((await by(ada, id, "release")).json.mine).toBe(false);
    expect((await by(ben, id, "claim")).status).toBe(200);
    expect((await by(ben, id, "answer", { answer: 2 })).status).toBe(200);
  });

  test("what is not there cannot be taken", async () => {
    expect((await by(ada, newId(), "claim")).json.code).toBe("request-not-found");
  });
});

test("the desk hears of a request while it waits, and of nothing twice", async () => {
  const { sequence } = await look();
  const waiting = look(ada, `?after=${sequence}&wait=20`);
  const { id } = await asked();
  const news = await waiting;
  expect(news.sequence).toBeGreaterThan(sequence);
  expect(news.requests.map((one: { id: string }) => one.id)).toContain(id);
});

test("nobody in time: the product gets the fallback, a late answer is refused, and figures count it", async () => {
  const own = await withTest("haste", aDesk({ deadlineSeconds: 5 }));
  const { json } = await sent("/v1/ask/haste", {
    key: own.client,
    id: newId(),
    context: { targetingKey: "u" },
    input: 1,
  });
  const at = `${own.at}/environments/production/desk`;
  await done("POST", `${at}/requests/${json.id}/claim`, {});
  const answer = await fetched(`${json.poll}?wait=20`);
  expect(answer.json).toMatchObject({ status: "fallback", answer: { text: "We will write to you" } });
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(json.deadline));
  const late = await api("POST", `${at}/requests/${json.id}/answer`, { answer: "late" });
  expect(late.json.code).toBe("already-done");
  expect((await own.results()).desk).toMatchObject({ flag: "haste", fallbacks: 1, answered: 0, waiting: 0 });
});

test("a preview gets the fallback at once, before the test has begun as well, and troubles and counts nobody", async () => {
  const own = await withTest("rehearsal", aDesk());
  await done("POST", `${own.test}/stop`, {});
  const { token } = await done("POST", `${own.state}/rehearsal/previews`, { variant: "on" });
  const tried = (context: object) => sent("/v1/ask/rehearsal", { key: own.client, id: newId(), context, input: 1 });
  const preview = { targetingKey: "u", blastdoorPreview: token };
  expect((await tried({ targetingKey: "u" })).status).toBe(404);
  const fallback = { status: "fallback", answer: { text: "We will write to you" }, preview: true };
  expect((await tried(preview)).json).toMatchObject(fallback);
  await done("POST", `${own.test}/start`, {});
  expect((await tried(preview)).json).toMatchObject(fallback);
  expect((await done("GET", `${own.at}/environments/production/desk`)).requests).toEqual([]);
  expect((await own.results()).desk).toMatchObject({ fallbacks: 0, answered: 0, waiting: 0 });
  await done("POST", `${own.state}/rehearsal/kill`, {});
  expect((await tried(preview)).status).toBe(404);
});

test("nothing is lost when the object starts anew: requests, claims and answers lie in its tables", async () => {
  const [open, taken] = [await asked(), await asked()];
  await by(ada, taken.id, "claim");
  const stub = env.DESK.get(env.DESK.idFromName(`${shop.project}/production`));
  const seen = await runInDurableObject(stub, async (_instance: DurableObject, state) => {
    const fresh = new Desk(state, env);
    const { requests } = await fresh.live({ id: "x", name: "X" }, -1, 0);
    return { requests, refused: fresh.claim(taken.id, { id: "x", name: "X" }) };
  });
  const ids = seen.requests.map(({ id }) => id);
  expect(ids).toContain(open.id);
  expect(seen.refused).toMatchObject({ ok: false, rejection: { code: "claimed" } });
});

describe("limits", () => {
  test("beyond five at a time, one person gets the fallback at once", async () => {
    const answers = [];
    for (let index = 0; index < 6; index++) answers.push((await ask(newId(), { person: "greedy" })).json.status);
    expect(answers).toEqual([...Array(5).fill("waiting"), "fallback"]);
  });

  test("what is no UUID, too long or not asked of a running desk is refused", async () => {
    expect((await ask("1")).status).toBe(400);
    const long = { key: shop.client, id: newId(), context: { targetingKey: "u" }, input: "x".repeat(20_000) };
    expect((await sent(`/v1/ask/${FLAG}`, long)).status).toBe(400);
    for (const flag of ["nowhere", "public", "targeted"]) expect((await ask(newId(), { flag })).status).toBe(404);
  });
});
