import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { COUNTS } from "../shared/cost/counts.ts";
import { FREE_A_DAY } from "../shared/plan.ts";
import { storedSlug } from "../shared/schema/names.ts";
import type { Env } from "./env.ts";
import type { Edge } from "./evaluation/edge/edge.ts";
import { Isolate } from "./evaluation/edge/isolate.ts";
import { usageIn } from "./evaluation/edge/isolate-usage.ts";
import { frontDoor } from "./front-door.ts";
import { env } from "./testing/bindings.ts";
import { done, newShop, ORIGIN } from "./testing/http.ts";
import { PRODUCTION } from "./testing/names.ts";

/** What objects were asked, by kind and method. */
let calls: Record<string, number>;

/** The Worker's bindings under a plan, which count what is asked of objects. */
function bindingsOn(PLAN: string): Env {
  const counted = (binding: string, namespace: DurableObjectNamespace) => ({
    idFromName: (name: string) => namespace.idFromName(name),
    get: (id: DurableObjectId) => ({
      fetch: (url: string, init: RequestInit) => {
        const what = `${binding}.${new URL(url).pathname.slice(1)}`;
        calls[what] = (calls[what] ?? 0) + 1;
        return namespace.get(id).fetch(url, init);
      },
    }),
  });
  const names = ["FLAG_STORE", "TELEMETRY_SHARD", "GUARD", "TEST_LEDGER", "DESK", "COURIER", "DIRECTORY"] as const;
  const objects = Object.fromEntries(names.map((name) => [name, counted(name, env[name])]));
  return { ...env, ...objects, PLAN } as unknown as Env;
}
const free = bindingsOn("free");

async function ask(path: string, key: string, init: RequestInit = {}) {
  const context = createExecutionContext();
  const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
  const request = new Request(ORIGIN + path, { method: "POST", headers, ...init } as RequestInit);
  const response = await frontDoor(request, free, context);
  const text = await response.text();
  await waitOnExecutionContext(context);
  return { status: response.status, json: JSON.parse(text) as Record<string, unknown> };
}
const admin = (path: string) => ask(`/api/v1${path}`, env.ADMIN_TOKEN, { method: "GET" });
const told = JSON.stringify({ context: { targetingKey: "u1", plan: "fan" }, nonce: "x" });

let shop: Awaited<ReturnType<typeof newShop>>;
beforeAll(async () => {
  shop = await newShop();
});
beforeEach(() => {
  calls = {};
});

describe("on Workers Free", () => {
  test("events and doors are refused for good, and no object hears of them", async () => {
    const unit = { targetingKey: "u1" };
    const event = { id: crypto.randomUUID(), type: "conversion", unit, time: Date.now(), metric: "m" };
    const events = JSON.stringify({ batchId: crypto.randomUUID(), events: [event] });
    for (const key of [shop.client, shop.server])
      expect(await ask("/v1/events", key, { body: events })).toMatchObject({
        status: 403,
        json: { code: "events-off" },
      });
    for (const action of ["open", "seen", "click", "join"])
      expect((await ask(`/v1/doors/public/${action}`, shop.client, { body: told })).status).toBe(403);
    expect((await ask("/v1/pages", shop.client, { body: told })).status).toBe(403);
    expect(calls).toEqual({});
  });

  test("what evaluations were asked is told to nobody", async () => {
    const background: Promise<unknown>[] = [];
    const place = { project: storedSlug(shop.project), environment: PRODUCTION };
    const served = { kind: "server", keyId: "key_1", shape: "one", ageMs: 10 } as const;
    const note = (PLAN: string) =>
      usageIn(bindingsOn(PLAN)).note(place, "public", {}, served, Date.now(), (work) => background.push(work));
    note("free");
    await Promise.all(background);
    expect(calls).toEqual({});
    note("paid");
    await Promise.all(background);
    expect(calls).toEqual({ "FLAG_STORE.noteUsage": 1 });
  });

  test("an isolate asks the store a tenth as often, sends no report along, and hears of its own writes at once", async () => {
    const edge: Edge = new Isolate().edge(free, new Request(ORIGIN));
    const background: Promise<unknown>[] = [];
    const project = storedSlug(shop.project);
    const current = () => edge.current(project, PRODUCTION, (work) => background.push(work));
    expect(await current()).toMatchObject({ project });
    const before = calls["FLAG_STORE.pointer"] ?? 0;
    // Twice as long as an isolate on the paid plan goes without asking.
    const realNow = Date.now;
    const from = realNow();
    Date.now = () => from + 2_000;
    try {
      expect(await current()).toMatchObject({ project });
    } finally {
      Date.now = realNow;
    }
    expect(calls["FLAG_STORE.pointer"] ?? 0).toBe(before);
    await done("POST", `${shop.state}/targeted/kill`, {});
    const { rows } = await done("GET", `${shop.at}/audit?after=0&limit=200`);
    edge.require(project, rows.at(-1).revision);
    expect(await current()).toMatchObject({ kills: [{ flag: "targeted" }] });
    await Promise.all(background);
    const reads = ["FLAG_STORE.pointer", "FLAG_STORE.snapshot", "FLAG_STORE.block"];
    expect(Object.keys(calls).filter((what) => !reads.includes(what))).toEqual([]);
  });

  test("a day's rows hold a thousand changes and more, since nothing else takes any", () => {
    expect(1_000 * COUNTS.rowsAChange).toBeLessThanOrEqual(FREE_A_DAY.rowsWritten / 2);
  });

  test("an answer offers no stream and says how often to ask", async () => {
    const { json } = await ask("/ofrep/v1/evaluate/flags", shop.client, { body: told });
    expect(json.metadata).toEqual({ pollIntervalSeconds: 60 });
    expect(json.eventStreams).toBeUndefined();
    const stream = await ask(`/ofrep/v1/streams/${shop.project}/production?token=x`, shop.client, { method: "GET" });
    expect(stream.status).toBe(404);
  });

  test("a guard that is set says that it is off", async () => {
    const metrics = [{ name: "errors", kind: "error", event: "checkout" }];
    await done("PUT", `${shop.state}/public/guard`, { metrics });
    expect((await admin(`${shop.state}/public/guard`)).json.off).toContain("need events");
    expect((await done("GET", `${shop.state}/public/guard`)).off).toBeUndefined();
  });

  test("the installation and the session say what is off; on the paid plan they say nothing", async () => {
    expect((await admin("/session")).json.plan).toBe("free");
    const { json } = await admin("/installation");
    expect(json).toMatchObject({ plan: "free", problem: null });
    expect((json.off as { what: string }[]).map(({ what }) => what)).toEqual(
      expect.arrayContaining(["events", "guards", "usage", "streams"]),
    );
    expect(await done("GET", "/installation")).toMatchObject({ plan: "paid", off: [] });
    expect((await done("GET", "/session")).plan).toBeUndefined();
  });
});

test("a PLAN that is none counts as the paid one, and the installation says what to write", async () => {
  const headers = { Authorization: `Bearer ${env.ADMIN_TOKEN}` };
  const request = new Request(`${ORIGIN}/api/v1/installation`, { headers });
  const response = await frontDoor(request, { ...env, PLAN: "fre" }, createExecutionContext());
  expect(await response.json()).toMatchObject({ plan: "paid", problem: expect.stringContaining('PLAN = "free"') });
});
