import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { OFREPProvider } from "@openfeature/ofrep-provider";
import { type Client, OpenFeature, ProviderStatus } from "@openfeature/server-sdk";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { BlastdoorProvider } from "../../client/server/index.ts";
import { type Server, startServer } from "../process/server.ts";
import { CHANGE_MS, SLACK_MS } from "../promises.ts";
import { type Gate, openGate } from "./gate.ts";
import { type BannerShop, makeBanner, situation } from "./shop.ts";

// The provider that evaluates in this process, on the real Worker. The gate lets no WebSocket through: polls bring changes.

const KEYS = "/projects/shop/environments/production/keys";
const folder = mkdtempSync(path.join(tmpdir(), "blastdoor-in-process-"));
const cacheFile = path.join(folder, "rules.json");
let server: Server;
let gate: Gate;
let shop: BannerShop;
let key: { id: string; key: string };
let flags: Client;

async function admin(method: string, route: string, body?: unknown) {
  const response = await server.admin(route, body === undefined ? { method } : { method, body });
  if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
  return response.status === 204 ? null : response.json();
}

beforeAll(async () => {
  server = await startServer();
  gate = await openGate(server.url);
  shop = await makeBanner(admin, "shop");
  key = (await admin("POST", KEYS, { kind: "server", name: "process", rules: true })) as typeof key;
  flags = await started("in-process");
});
afterEach(async () => {
  gate.clear();
  await shop.restore();
});
afterAll(async () => {
  await OpenFeature.close();
  await gate?.[Symbol.asyncDispose]();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function started(name: string, more: { cacheFile?: string } = { cacheFile }): Promise<Client> {
  const provider = new BlastdoorProvider({
    ...{ baseUrl: gate.url, key: key.key, startMs: 20_000, logger: { warn() {} } },
    ...more,
  });
  await OpenFeature.setProviderAndWait(name, provider);
  return OpenFeature.getClient(name);
}
const ask = (client: Client, context: Record<string, string> = {}) =>
  client.getStringDetails("banner", "default", { targetingKey: "u1", ...context });
const banner = async (client = flags, context: Record<string, string> = {}) => (await ask(client, context)).value;

situation("in-process provider", "asked, as the stock provider is", async () => {
  const headers: [string, string][] = [["Authorization", `Bearer ${shop.server}`]];
  await OpenFeature.setProviderAndWait("stock", new OFREPProvider({ baseUrl: gate.url, headers }));
  const stock = OpenFeature.getClient("stock");
  for (const context of [{ plan: "free" }, { plan: "pro" }]) {
    const { flagMetadata, ...own } = await ask(flags, context);
    const { flagMetadata: theirs, ...wanted } = await ask(stock, context);
    expect(own).toEqual(wanted);
    expect(flagMetadata).toMatchObject({ ...theirs, flagSetId: "shop/production" });
  }
});

situation("in-process provider", "asked after a kill", async () => {
  await expect.poll(() => banner()).toBe("basic");
  const killed = performance.now();
  await shop.kill();
  for (let took = 0; took < CHANGE_MS + SLACK_MS; took = performance.now() - killed) {
    if ((await banner()) === "off") break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect([await banner(), await banner(flags, { plan: "pro" })]).toEqual(["off", "off"]);
  expect(await ask(flags)).toMatchObject({ reason: "DISABLED", flagMetadata: { killed: true } });
});

situation("in-process provider", "offline", async () => {
  await expect.poll(() => banner()).toBe("basic");
  gate.fate = () => "lost";
  expect(await banner(flags, { plan: "pro" })).toBe("pro");
});

situation("in-process provider", "answered 503 or 429", async () => {
  await expect.poll(() => banner()).toBe("basic");
  for (const status of [503, 429]) {
    gate.fate = () => ({ status, headers: { "Retry-After": "1" } });
    expect(await banner()).toBe("basic");
  }
});

situation("in-process provider", "started offline", async () => {
  await expect.poll(() => banner()).toBe("basic");
  gate.fate = () => "lost";
  expect(await banner(await started("with a file"))).toBe("basic");
  await expect(started("without", {})).rejects.toThrow();
  expect(await ask(OpenFeature.getClient("without"))).toMatchObject({ value: "default", reason: "ERROR" });
  gate.clear();
  await expect.poll(() => banner(OpenFeature.getClient("without"))).toBe("basic");
});

// The key does not come back, so this comes last.
situation("in-process provider", "its key is revoked", async () => {
  await admin("DELETE", `${KEYS}/${key.id}`);
  await expect.poll(() => flags.providerStatus).toBe(ProviderStatus.ERROR);
  expect(await banner(flags, { plan: "pro" })).toBe("pro");
});
