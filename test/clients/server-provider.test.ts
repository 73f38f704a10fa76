import { OFREPProvider } from "@openfeature/ofrep-provider";
import { OpenFeature } from "@openfeature/server-sdk";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { type Server, startServer } from "../process/server.ts";
import { CHANGE_MS, SLACK_MS } from "../promises.ts";
import { type Gate, openGate } from "./gate.ts";
import { type BannerShop, makeBanner, situation } from "./shop.ts";

// The stock server provider in Node.

let server: Server;
let gate: Gate;
let shop: BannerShop;

beforeAll(async () => {
  server = await startServer();
  gate = await openGate(server.url);
  shop = await makeBanner(async (method, route, body) => {
    const response = await server.admin(route, body === undefined ? { method } : { method, body });
    if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? null : response.json();
  }, "shop");
  const headers: [string, string][] = [["Authorization", `Bearer ${shop.server}`]];
  await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: `${gate.url}/`, headers }));
});
afterEach(async () => {
  gate.clear();
  await shop.restore();
});
afterAll(async () => {
  await OpenFeature.close();
  await gate?.[Symbol.asyncDispose]();
  await server?.stop();
});

const ask = (context: Record<string, string> = {}) =>
  OpenFeature.getClient().getStringDetails("banner", "default", { targetingKey: "u1", ...context });
const banner = async (context: Record<string, string> = {}) => (await ask(context)).value;

situation("server provider", "asked after a kill", async () => {
  expect([await banner(), await banner({ plan: "pro" })]).toEqual(["basic", "pro"]);
  const killed = performance.now();
  await shop.kill();
  for (let began = 0; began < CHANGE_MS + SLACK_MS; began = performance.now() - killed)
    if ((await banner()) === "off") break;
  expect([await banner(), await banner({ plan: "pro" })]).toEqual(["off", "off"]);
});

situation("server provider", "offline", async () => {
  gate.fate = () => "lost";
  expect(await ask()).toMatchObject({ value: "default", reason: "ERROR" });
  gate.clear();
  expect(await banner()).toBe("basic");
});

situation("server provider", "answered 503", async () => {
  gate.fate = () => ({ status: 503 });
  expect(await ask()).toMatchObject({ value: "default", reason: "ERROR" });
  gate.clear();
  expect(await banner()).toBe("basic");
});

// It does not ask again before Retry-After, so this comes last.
situation("server provider", "answered 429", async () => {
  gate.fate = () => ({ status: 429, headers: { "Retry-After": "1" } });
  expect(await ask()).toMatchObject({ value: "default", reason: "ERROR" });
  gate.clear();
  expect(await ask()).toMatchObject({ value: "default", reason: "ERROR" });
  await expect.poll(() => banner(), { interval: 200 }).toBe("basic");
});
