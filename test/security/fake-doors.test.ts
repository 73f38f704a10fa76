import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";

// An attacker has the public client key of the shop's pages, and knows ids: of browsers, and of users. What they send
// changes nothing about the people that a fake door has counted, and shows nothing of them.

const BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/153.0 Safari/537.36";
/** Longer than a door must be seen (ms). */
const A_LOOK_MS = 1_100;
const PEOPLE = 40;
const CLICKS = 12;
// A network each, so that no test finds the rate of its network used up by the one before.
const ATTACKER = "203.0.113.66";
const BOT = "198.18.7.1";
const TELLER = "198.19.7.1";

let server: Server;
let serverKey: string;
let clientKey: string;
const FLAGS = "/projects/shop/environments/production/flags";

async function admin<T = unknown>(method: string, route: string, body?: unknown): Promise<T> {
  const response = await server.admin(route, body === undefined ? { method } : { method, body });
  if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

type Answer = { status: number; json: { nonce?: string; state?: string } };
async function at(path: string, body: object, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`${server.url}/v1/${path}`, {
    method: "POST",
    headers: { "Content-Type": "text/plain", "User-Agent": BROWSER, ...headers },
    body: JSON.stringify({ key: clientKey, ...body }),
  });
  const text = await response.text();
  return { status: response.status, json: text === "" ? {} : JSON.parse(text) };
}
const from = (ip: string, more: Record<string, string> = {}) => ({ "CF-Connecting-IP": ip, ...more });
const home = (person: number) => from(`198.51.${person}.7`);
const door = (flag: string, action: string, person: string, more: object, headers: Record<string, string>) =>
  at(`doors/${flag}/${action}`, { context: { targetingKey: person }, ...more }, headers);

async function counts(flag: string) {
  type Side = { seen: number; clicked: number };
  type Results = { demand: { demand: Side; withSuspicious: Side }; pages: { origin: string }[] };
  const { demand, pages } = await admin<Results>("GET", `${FLAGS}/${flag}/results`);
  return {
    seen: demand.demand.seen,
    clicked: demand.demand.clicked,
    all: demand.withSuspicious.seen,
    pages: pages.map(({ origin }) => origin),
  };
}

let running: string | null = null;
/** A door that everybody is shown, in place of the one before: all doors divide the same people. */
async function openDoor(flag: string): Promise<void> {
  if (running !== null) await admin("POST", `${FLAGS}/${running}/test/stop`, {});
  running = flag;
  const settings = {
    kind: "fake-door",
    share: 100_000,
    wording: { message: "Soon", thanks: "Thank you" },
    bar: 0.03,
    targetPeople: 1_000,
    stopWhenDecided: false,
  };
  await admin("PUT", `${FLAGS}/${flag}/test`, { settings });
  await admin("POST", `${FLAGS}/${flag}/test/start`, {});
}

/** A door that 40 people have seen, each from their own network, and 12 have clicked. */
async function visited(flag: string): Promise<void> {
  await openDoor(flag);
  const everybody = Array.from({ length: PEOPLE }, (_, n) => n);
  const more = (n: number) => ({ user: `user-${n}` });
  const nonces = await Promise.all(
    everybody.map(async (n) => (await door(flag, "open", `browser-${n}`, more(n), home(n))).json.nonce),
  );
  await sleep(A_LOOK_MS);
  await Promise.all(
    everybody.map((n) => door(flag, "seen", `browser-${n}`, { ...more(n), nonce: nonces[n] }, home(n))),
  );
  for (let n = 0; n < CLICKS; n++) await door(flag, "click", `browser-${n}`, { ...more(n), nonce: nonces[n] }, home(n));
}

beforeAll(async () => {
  server = await startServer();
  await admin("PUT", "/projects/shop", { environments: ["production"] });
  const key = async (kind: string) =>
    (await admin<{ key: string }>("POST", "/projects/shop/environments/production/keys", { kind, name: kind })).key;
  clientKey = await key("client");
  serverKey = await key("server");
});
afterAll(async () => {
  await server?.stop();
});

describe("people whom a door has counted", () => {
  test("stay when somebody signs in as each of them, one after the other, on one browser", async () => {
    await visited("gifts");
    const before = await counts("gifts");
    expect(before).toMatchObject({ seen: PEOPLE, clicked: CLICKS, all: PEOPLE });
    const { nonce } = (await door("gifts", "open", "attacker", {}, from(ATTACKER))).json;
    await sleep(A_LOOK_MS);
    for (let n = 0; n < PEOPLE; n++)
      await door("gifts", "seen", "attacker", { user: `user-${n}`, nonce }, from(ATTACKER));
    // The attacker's browser is one person more, and that is all.
    expect(await counts("gifts")).toMatchObject({ seen: PEOPLE + 1, clicked: CLICKS, all: PEOPLE + 1 });
  });

  test("stay believed when a bot, or somebody in haste, sends events for each of their browsers", async () => {
    const before = await counts("gifts");
    for (const headers of [from(ATTACKER, { "User-Agent": "Examplebot/2.1 (crawler bot)" }), from(ATTACKER)])
      for (let n = 0; n < PEOPLE; n++) {
        const { nonce } = (await door("gifts", "open", `browser-${n}`, {}, headers)).json;
        await door("gifts", "click", `browser-${n}`, { nonce }, headers);
      }
    expect(await counts("gifts")).toMatchObject({ seen: before.seen, clicked: before.clicked, all: before.all });
  });

  test("may be clicked for by one network up to its daily cap, which is the accepted risk", async () => {
    const before = await counts("gifts");
    const nonces: (string | undefined)[] = [];
    for (let n = 0; n < PEOPLE; n++)
      nonces.push((await door("gifts", "open", `browser-${n}`, {}, from(ATTACKER))).json.nonce);
    await sleep(A_LOOK_MS);
    for (let n = 0; n < PEOPLE; n++) await door("gifts", "click", `browser-${n}`, { nonce: nonces[n] }, from(ATTACKER));
    const { seen, clicked } = await counts("gifts");
    expect(seen).toBe(before.seen);
    expect(clicked - before.clicked).toBeLessThanOrEqual(30);
  });

  test("cannot be looked up by their user's id, nor joined or parted, with a client key", async () => {
    await visited("books");
    const asUser = await door("books", "open", "stranger", { user: "user-0" }, from(ATTACKER));
    expect(asUser.json.state).toBe("new");
    for (const user of ["user-1", null])
      expect((await door("books", "join", "browser-0", { user }, from(ATTACKER))).status).toBe(403);
    expect(await counts("books")).toMatchObject({ seen: PEOPLE, clicked: CLICKS });
  });

  test("are joined by a server key, and parted again, exactly", async () => {
    const join = (n: number, user: string | null) =>
      door("books", "join", `browser-${n}`, { key: serverKey, user }, from("192.0.2.1"));
    // Two who clicked and one who has not.
    for (const n of [0, 1, PEOPLE - 1]) expect((await join(n, "kim")).status).toBe(200);
    expect(await counts("books")).toMatchObject({ seen: PEOPLE - 2, clicked: CLICKS - 1 });
    for (const n of [0, 1, PEOPLE - 1]) await join(n, null);
    expect(await counts("books")).toMatchObject({ seen: PEOPLE, clicked: CLICKS });
  });

  test("are believed although a bot sent events for their browsers before they came", async () => {
    await openDoor("tea");
    for (let n = 0; n < PEOPLE; n++) {
      const { nonce } = (await door("tea", "open", `browser-${n}`, {}, from(BOT))).json;
      await door("tea", "click", `browser-${n}`, { nonce }, from(BOT));
    }
    expect(await counts("tea")).toMatchObject({ seen: 0, clicked: 0, all: PEOPLE });
    const opened = await door("tea", "open", "browser-0", {}, home(0));
    expect(opened.json.state).not.toBe("clicked");
    await sleep(A_LOOK_MS);
    await door("tea", "seen", "browser-0", { nonce: opened.json.nonce }, home(0));
    expect(await counts("tea")).toMatchObject({ seen: 1, clicked: 0, all: PEOPLE });
  });
});

test("a test's pages are origins that an address bar can show, and made-up ones push no real one out", async () => {
  const tell = (origin: string) => at("pages", { flags: ["gifts"] }, from(TELLER, { Origin: origin }));
  expect((await tell("https://shop.example")).status).toBe(204);
  await expect.poll(async () => (await counts("gifts")).pages).toEqual(["https://shop.example"]);
  const wrong = ["javascript:alert(document.domain)", "data:text/html,<script>", "null", `https://${"x".repeat(400)}`];
  for (const origin of wrong) expect((await tell(origin)).status).toBe(204);
  for (let n = 0; n < 40; n++) await tell(`https://made-up-${n}.example`);
  await tell("https://last.example");
  const { pages } = await counts("gifts");
  expect(pages).toContain("https://shop.example");
  expect(pages.filter((origin) => !/^https:\/\/[a-z0-9.-]+$/.test(origin))).toEqual([]);
  expect(pages.length).toBeLessThanOrEqual(11);
});
