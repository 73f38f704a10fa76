import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { SeriesTotals } from "../../shared/schema/telemetry.ts";
import { startServer } from "../process/server.ts";
import { CHANGE_MS } from "../promises.ts";

const PROJECT = "/projects/shop";
const PRODUCTION = `${PROJECT}/environments/production`;
/** Batches under way at any moment, half of them with a client key. */
const SENDERS = 8;

test("a kill amid a flood of events is in force within two seconds, evaluation answers throughout, and the series is closed", async () => {
  await using server = await startServer();
  const admin = async (method: string, route: string, body?: unknown) => {
    const response = await server.admin(route, body === undefined ? { method } : { method, body });
    if (!response.ok) throw new Error(`${method} ${route} answered ${response.status}: ${await response.text()}`);
    return response.json();
  };
  await admin("PUT", PROJECT, { environments: ["production"] });
  const definition = { type: "boolean", variants: { on: true, off: false }, offVariant: "off" };
  await admin("PUT", `${PROJECT}/flags/checkout`, definition);
  const flag = `${PRODUCTION}/flags/checkout`;
  await admin("PUT", flag, { enabled: true, fallthrough: { variant: "off" } });
  // Everybody is released to, so no exposure is mismatched and any arm of the events is the variant's.
  const guards = [{ kind: "conversion", name: "orders" }];
  const stages = [{ audience: { share: 100_000 }, minimumSeconds: 3_600, guards }];
  await admin("PUT", `${flag}/plan`, { variant: "on", baseline: "off", stages });
  await admin("POST", `${flag}/plan/start`, {});
  const keyOf = async (kind: string): Promise<string> =>
    (await admin("POST", `${PRODUCTION}/keys`, { kind, name: kind })).key;
  const keys = { server: await keyOf("server"), client: await keyOf("client") };

  let flooding = true;
  let offered = 0;
  let unit = 0;
  const post = (path: string, key: string, body: object) =>
    fetch(server.url + path, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${key}` },
      body: JSON.stringify(body),
    });
  const flood = async (key: string) => {
    while (flooding) {
      const events = Array.from({ length: 400 }, () => {
        const common = { id: crypto.randomUUID(), unit: { targetingKey: `u${unit++ >> 1}` }, time: Date.now() };
        return unit % 2 === 1
          ? { ...common, type: "exposure", flag: "checkout", variant: "on" }
          : { ...common, type: "conversion", metric: "orders" };
      });
      const response = await post("/v1/events", key, { batchId: crypto.randomUUID(), sentAt: Date.now(), events });
      expect([202, 503]).toContain(response.status);
      await response.arrayBuffer();
      offered += events.length;
    }
  };
  const senders = Array.from({ length: SENDERS }, (_, n) => flood(n % 2 === 0 ? keys.server : keys.client));
  const ask = async (): Promise<string> => {
    const response = await post("/ofrep/v1/evaluate/flags/checkout", keys.server, { context: { targetingKey: "u1" } });
    expect(response.status).toBe(200);
    return ((await response.json()) as { variant: string }).variant;
  };
  try {
    for (let n = 0; n < 100; n++) {
      expect(await ask()).toBe("on");
      await sleep(10);
    }
    const began = performance.now();
    const killing = admin("POST", `${flag}/kill`, { comment: "errors" });
    for (;;) {
      const asked = performance.now();
      if ((await ask()) === "off") break;
      expect(asked - began).toBeLessThanOrEqual(CHANGE_MS);
    }
    await killing;
    await sleep(1_500);
    for (let n = 0; n < 20; n++) expect(await ask()).toBe("off");
  } finally {
    flooding = false;
    await Promise.all(senders);
  }
  expect(offered).toBeGreaterThan(2_000);
  const { totals } = (await admin("GET", `${flag}/events`)) as { totals: SeriesTotals };
  expect(totals.arms.on?.exposed).toBeGreaterThan(0);
  expect(totals.afterKill).toBeGreaterThan(0);
});
