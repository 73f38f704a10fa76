import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
import { OpenFeature, ProviderEvents } from "@openfeature/web-sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";
import { type Demo, demo } from "./demo.ts";

let server: Server;
let shop: Demo;
let key: string;

beforeAll(async () => {
  server = await startServer({ env: { SEED: "" } });
  shop = await demo(server);
  key = await shop.key("client");
});
afterAll(async () => {
  await OpenFeature.close();
  await server?.stop();
});

const changed = (domain: string) =>
  new Promise<void>((resolve) => {
    OpenFeature.getClient(domain).addHandler(ProviderEvents.ConfigurationChanged, () => resolve());
  });

async function visitor(domain: string, context: Record<string, string>, pollInterval = 0) {
  await OpenFeature.setContext(domain, context);
  const headers: [string, string][] = [["Authorization", `Bearer ${key}`]];
  await OpenFeature.setProviderAndWait(
    domain,
    new OFREPWebProvider({ baseUrl: server.url, headers, pollInterval, cacheMode: "disabled" }),
  );
  return OpenFeature.getClient(domain);
}

test("a stock web client reads its flags with a client key, without rule ids", async () => {
  const flags = await visitor("values", { targetingKey: "u1", country: "DE" });
  const details = flags.getStringDetails("banner-text", "?");
  expect(details).toMatchObject({ value: "Summer sale: up to 50 % off", variant: "summer" });
  expect(details.flagMetadata).toEqual({});
});

test("a poll picks up a toggle, as the same result is answered 304", async () => {
  const flags = await visitor("polling", { targetingKey: "u2", country: "FR" }, 200);
  expect(flags.getStringValue("banner-text", "?")).toBe("Free shipping from 40 €");
  const noticed = changed("polling");
  await shop.patch("banner-text", { fallthrough: { variant: "outage" } });
  await noticed;
  expect(flags.getStringValue("banner-text", "?")).toBe("Payments are slow at the moment. We are on it.");
});

test("hidden flags do not exist for others, targeted ones do for the targeted", async () => {
  const stranger = await visitor("stranger", { targetingKey: "u3" });
  expect(stranger.getBooleanDetails("search-v2", false).errorCode).toBe("FLAG_NOT_FOUND");
  const staff = await visitor("staff", { targetingKey: "kim", email: "kim@shop.example" });
  expect(staff.getBooleanValue("search-v2", false)).toBe(true);
  expect(staff.getBooleanDetails("payments-queue", false).errorCode).toBe("FLAG_NOT_FOUND");
});
