import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  ADMIN_TOKEN,
  BREAK_GLASS_SECRET,
  evaluate,
  type Fleet,
  type Isolate,
  is,
  makeShop,
  type Shop,
  startFleet,
  until,
} from "../propagation/fleet.ts";

/*
 * Names of projects and environments come from outside in URLs, keys, tokens and bodies. None may reach a key of the
 * cache, of KV or of an object unless it is a name.
 */

let fleet: Fleet;
let edge: Isolate;
let shop: Shop;

beforeAll(async () => {
  fleet = await startFleet({ centres: [{ colo: "FRA", isolates: 1 }] });
  edge = fleet.isolates[0] as Isolate;
  shop = await makeShop(fleet);
});
afterAll(() => fleet?.[Symbol.asyncDispose]());

const HEX = "0".repeat(40);
const ID = "3e2c8f4a-9d1b-4c6e-8f7a-1b2c3d4e5f60";

interface Answer {
  status: number;
  body: string;
  headers: Record<string, string>;
}

/** All that a sender gets to see, except what differs by the clock. */
async function ask(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${edge.url.origin}${path}`, { ...init, signal: AbortSignal.timeout(20_000) });
  const headers = Object.fromEntries([...response.headers].filter(([name]) => name !== "date"));
  return { status: response.status, body: await response.text(), headers };
}

describe("a break-glass kill", () => {
  test("is in force within its bound, whatever names are sent meanwhile to hide it", async () => {
    await until(edge, shop.client, is(true));
    let attacking = true;
    let sent = 0;
    const attack = async (path: (name: string) => string) => {
      while (attacking) {
        await ask(path(encodeURIComponent(`../break-glass/${shop.project}#${++sent}`)));
        await sleep(100);
      }
    };
    const stream = (name: string) => `/ofrep/v1/streams/${name}/production?token=x`;
    const question = (name: string) => `/v1/ask/${name}/production/${ID}?wait=0`;
    const attacked = Promise.all([stream, question, stream, question].map(attack));
    try {
      // By now the entries are what the attack makes of them.
      await sleep(1_000);
      const kill = await ask(
        `/api/v1/break-glass/projects/${shop.project}/environments/production/flags/checkout/kill`,
        {
          method: "POST",
          headers: { Authorization: `Bearer ${BREAK_GLASS_SECRET}`, "Content-Type": "application/json" },
          body: "{}",
        },
      );
      expect(kill.status).toBe(200);
      // The isolate looks every 15 s, at a copy that lives as long; the rest is for a busy machine.
      await until(edge, shop.client, is(false), { limitMs: 45_000, pauseMs: 200 });
    } finally {
      attacking = false;
      await attacked;
    }
    await shop.restore("checkout");
    await until(edge, shop.client, is(true), { limitMs: 45_000, pauseMs: 200 });
  });
});

/** What cannot be a name. */
const NO_NAMES = [
  "../break-glass/shop#N",
  "../last/shop/production",
  "../pointer/shop",
  "..",
  ".",
  "shop/production",
  "shop/../shop",
  "shop#x",
  "shop?x",
  "shop%",
  "shop%2F..",
  "SHOP",
  "Shop",
  " shop",
  "shop ",
  "shop\n",
  "shop\0",
  "-shop",
  "shop-",
  "shop_x",
  "shop.x",
  "s".repeat(41),
  "s".repeat(5_000),
  "ünïcode",
  "ｓｈｏｐ",
  "💥",
  "constructor",
  "prototype",
  "__proto__",
  "toString",
  "*",
  "?",
  "[a-z]",
  "%",
  "shop' OR '1'='1",
];

describe.each([
  ["a stream's project", (name: string) => ask(`/ofrep/v1/streams/${encodeURIComponent(name)}/production?token=x`)],
  ["a stream's environment", (name: string) => ask(`/ofrep/v1/streams/shop/${encodeURIComponent(name)}?token=x`)],
  ["a question's project", (name: string) => ask(`/v1/ask/${encodeURIComponent(name)}/production/${ID}?wait=0`)],
  ["a question's environment", (name: string) => ask(`/v1/ask/shop/${encodeURIComponent(name)}/${ID}?wait=0`)],
  [
    "the project of a trigger in a URL",
    (name: string) =>
      ask(`/v1/triggers/${encodeURIComponent(`bdk_${name}_production_${"0".repeat(16)}${HEX}`)}`, { method: "POST" }),
  ],
  [
    "the project of a key in a door's body",
    (name: string) =>
      ask("/v1/doors/x/open", { method: "POST", body: JSON.stringify({ key: `bdc_${name}_p_${HEX}`.slice(0, 256) }) }),
  ],
  [
    "the environment of a key in a page's body",
    (name: string) =>
      ask("/v1/pages", {
        method: "POST",
        body: JSON.stringify({ key: `bdc_shop_${name}_${HEX}`.slice(0, 256), flags: ["checkout"] }),
      }),
  ],
  [
    "the project of a key in a question's body",
    (name: string) =>
      ask("/v1/ask/x", {
        method: "POST",
        body: JSON.stringify({ key: `bdc_${name}_production_${HEX}`.slice(0, 256), id: ID, input: 1 }),
      }),
  ],
  [
    "the project of a key in a batch of events",
    (name: string) =>
      ask("/v1/events", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ batchId: "b", key: `bdc_${name}_production_${HEX}`.slice(0, 256), events: [] }),
      }),
  ],
])("%s", (_what, send) => {
  test("that cannot be a name is answered as one that nobody has", async () => {
    const unknown = await send("nobody-has-this-name");
    expect(unknown.status).toBeGreaterThanOrEqual(400);
    expect(unknown.status).toBeLessThan(500);
    // The URL parser itself takes these away, so they name another route.
    const sent = NO_NAMES.filter((name) => name !== "." && name !== "..");
    for (const name of sent) expect({ name, ...(await send(name)) }).toEqual({ name, ...unknown });
  });
});

describe.each(["Authorization", "X-API-Key"])("a key in %s", (header) => {
  const evaluation = (key: string) =>
    ask("/ofrep/v1/evaluate/flags", {
      method: "POST",
      headers: { [header]: header === "Authorization" ? `Bearer ${key}` : key, "Content-Type": "application/json" },
      body: "{}",
    });

  test("whose names cannot be any is refused as an unknown one", async () => {
    const unknown = await evaluation(`bdc_nobody-has-this-name_production_${HEX}`);
    expect(unknown.status).toBe(401);
    // A header holds neither control characters nor what is not Latin.
    const sendable = NO_NAMES.filter((name) => /^[\x20-\xff]*$/.test(name) && name.length < 1_000);
    for (const name of sendable)
      for (const key of [`bdc_${name}_production_${HEX}`, `bds_shop_${name}_${HEX}`])
        expect({ key, ...(await evaluation(key)) }).toEqual({ key, ...unknown });
  });
});

describe("administration", () => {
  const admin = (method: string, path: string, body?: unknown) =>
    ask(`/api/v1${path}`, {
      method,
      headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const names = NO_NAMES.filter((name) => name !== "." && name !== "..");

  test.each([
    ["project", (name: string) => admin("PUT", `/projects/${name}`, {})],
    ["environment", (name: string) => admin("PUT", `/projects/shop/environments/${name}`, {})],
    ["environment", (name: string) => admin("GET", `/projects/shop/environments/${name}/propagation`)],
    ["flag", (name: string) => admin("PUT", `/projects/shop/environments/production/flags/${name}`, {})],
  ])("says which name is none: the %s", async (field, send) => {
    // A flag's key may be more than a project's name may.
    const wrong = field === "flag" ? names.filter((name) => !/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) : names;
    for (const name of wrong) {
      const { status, body } = await send(encodeURIComponent(name));
      expect({ name, status }).toEqual({ name, status: 422 });
      expect(body).toContain(`"field":"${field}"`);
    }
  });

  test("takes none from a body: of a project's environments, or of an import", async () => {
    for (const name of [...NO_NAMES, "", "a/b"]) {
      const made = await admin("PUT", "/projects/other", { environments: ["production", name] });
      expect({ name, status: made.status }).toEqual({ name, status: 422 });
      const document = {
        format: "blastdoor-export-1",
        project: "shop",
        flags: {},
        segments: {},
        layers: {},
        holdouts: {},
      };
      const imported = await admin("POST", "/projects/shop/import?dryRun=true", {
        ...document,
        environments: JSON.parse(`{${JSON.stringify(name)}:{}}`),
        states: {},
      });
      // "__proto__" is refused before any schema sees it.
      expect({ name, status: imported.status }).toEqual({ name, status: name === "__proto__" ? 400 : 422 });
    }
    expect((await admin("GET", "/projects/other")).status).toBe(404);
  });
});

test("afterwards everything is as it was", async () => {
  expect(await evaluate(edge, shop.client)).toMatchObject({ status: 200, value: true });
});
