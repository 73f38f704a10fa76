import { OFREPProvider } from "@openfeature/ofrep-provider";
import { type Client, OpenFeature } from "@openfeature/server-sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { OpenFeatureTelemetry } from "../../client/telemetry/openfeature-telemetry.ts";
import type { SeriesTotals } from "../../shared/schema/telemetry.ts";
import { type Server, startServer } from "../process/server.ts";

const PROJECT = "/projects/shop";
const PRODUCTION = `${PROJECT}/environments/production`;
const SHOPPERS = Array.from({ length: 60 }, (_, n) => ({ targetingKey: `shopper-${n}`, plan: "gold" }));

let server: Server;
let key: string;
let flags: Client;
const dropped: string[] = [];
let telemetry: OpenFeatureTelemetry;

async function admin(method: string, route: string, body?: unknown) {
  const response = await server.admin(route, body === undefined ? { method } : { method, body });
  if (!response.ok) throw new Error(`${method} ${route} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

beforeAll(async () => {
  server = await startServer();
  await admin("PUT", PROJECT, { environments: ["production"] });
  const definition = { type: "boolean", variants: { on: true, off: false }, offVariant: "off" };
  await admin("PUT", `${PROJECT}/flags/checkout-v2`, definition);
  await admin("PUT", `${PRODUCTION}/flags/checkout-v2`, { enabled: true, fallthrough: { variant: "off" } });
  await admin("PUT", `${PRODUCTION}/flags/checkout-v2/plan`, {
    variant: "on",
    baseline: "off",
    windowSeconds: 600,
    stages: [
      {
        audience: { share: 50_000 },
        minimumSeconds: 3_600,
        guards: [
          { kind: "error", name: "errors", event: "checkout" },
          { kind: "conversion", name: "orders" },
        ],
      },
    ],
  });
  await admin("POST", `${PRODUCTION}/flags/checkout-v2/plan/start`, {});
  key = (await admin("POST", `${PRODUCTION}/keys`, { kind: "server", name: "shop" })).key;
  const headers: [string, string][] = [["Authorization", `Bearer ${key}`]];
  await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: server.url, headers }));
  telemetry = new OpenFeatureTelemetry({
    baseUrl: server.url,
    key,
    onDropped: (events, why) => dropped.push(`${events}: ${why}`),
  });
  OpenFeature.addHooks(telemetry.hook);
  flags = OpenFeature.getClient();
});
afterAll(async () => {
  OpenFeature.clearHooks();
  await OpenFeature.close();
  await server?.stop();
});

const counted = async (): Promise<SeriesTotals> =>
  ((await admin("GET", `${PRODUCTION}/flags/checkout-v2/events`)) as { totals: SeriesTotals }).totals;

test("what the stock provider serves is reported as exposures, and outcomes join them", async () => {
  // Alike in both arms: a release that does harm here would be stopped, as it should.
  const expected = { on: { exposed: 0, failures: 0, orders: 0 }, off: { exposed: 0, failures: 0, orders: 0 } };
  for (const [n, shopper] of SHOPPERS.entries()) {
    const arm = expected[(await flags.getBooleanValue("checkout-v2", false, shopper)) ? "on" : "off"];
    const fails = n % 10 === 0;
    const orders = n % 2 === 0;
    arm.exposed++;
    if (fails) arm.failures++;
    if (orders) arm.orders++;
    telemetry.outcome("checkout", shopper, { ok: !fails, latencyMs: 80 });
    if (orders) telemetry.track("orders", shopper, { value: 49 });
  }
  await telemetry.flush();
  expect(dropped).toEqual([]);
  const { arms, unattributed, mismatched } = await counted();
  for (const variant of ["on", "off"] as const) {
    const { exposed, failures, orders } = expected[variant];
    expect(exposed).toBeGreaterThan(10);
    expect(arms[variant]).toMatchObject({
      exposed,
      metrics: { errors: { units: exposed, failures }, orders: { units: exposed, conversions: orders } },
    });
  }
  expect([unattributed, mismatched]).toEqual([0, 0]);
});

test("one person who is asked about all the time is reported once in a while", async () => {
  const before = (await admin("GET", `${PRODUCTION}/events/stats`)).stored["server.exposure"];
  for (let n = 0; n < 50; n++) await flags.getBooleanValue("checkout-v2", false, { targetingKey: "regular" });
  await telemetry.flush();
  expect((await admin("GET", `${PRODUCTION}/events/stats`)).stored["server.exposure"]).toBe(before + 1);
});

test("a default that the application served itself is no exposure", async () => {
  const before = (await admin("GET", `${PRODUCTION}/events/stats`)).stored["server.exposure"];
  expect(await flags.getBooleanValue("no-such-flag", true, { targetingKey: "somebody" })).toBe(true);
  await telemetry.flush();
  expect((await admin("GET", `${PRODUCTION}/events/stats`)).stored["server.exposure"]).toBe(before);
});

test("a lost answer costs a repetition, not a second count; a Blastdoor that is away costs the application nothing", async () => {
  const stored = async () => (await admin("GET", `${PRODUCTION}/events/stats`)).stored["server.outcome"];
  const before = await stored();
  let losing = 2;
  const lossy: typeof fetch = async (...request) => {
    const response = await fetch(...request);
    if (losing-- > 0) throw new TypeError("the answer was lost");
    return response;
  };
  const unlucky = new OpenFeatureTelemetry({ baseUrl: server.url, key, fetch: lossy });
  unlucky.outcome("checkout", { targetingKey: "lost" }, { ok: true });
  await unlucky.close();
  expect([losing, await stored()]).toEqual([-1, before + 1]);
  const gone: string[] = [];
  const nowhere = new OpenFeatureTelemetry({
    baseUrl: server.url,
    key: `${key.slice(0, -4)}0000`,
    onDropped: (events, why) => gone.push(`${events}: ${why}`),
  });
  nowhere.outcome("checkout", { targetingKey: "gone" });
  await nowhere.close();
  expect(gone).toEqual(["1: answered 401"]);
});
