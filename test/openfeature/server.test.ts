import { OFREPProvider } from "@openfeature/ofrep-provider";
import { type Client, ErrorCode, OpenFeature } from "@openfeature/server-sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";
import { type Demo, demo } from "./demo.ts";

let server: Server;
let shop: Demo;
let flags: Client;

beforeAll(async () => {
  server = await startServer({ env: { SEED: "" } });
  shop = await demo(server);
  const headers: [string, string][] = [["Authorization", `Bearer ${await shop.key("server")}`]];
  await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: server.url, headers }));
  flags = OpenFeature.getClient();
});
afterAll(async () => {
  await OpenFeature.close();
  await server?.stop();
});

const STAFF = { targetingKey: "kim", email: "kim@shop.example" };

test("a stock client reads flags of every type", async () => {
  expect(await flags.getBooleanValue("new-checkout", false, STAFF)).toBe(true);
  expect(await flags.getStringValue("banner-text", "?", { targetingKey: "u1", country: "FR" })).toBe(
    "Free shipping from 40 €",
  );
  expect(await flags.getNumberValue("shipping-price", -1, { targetingKey: "u1" })).toBe(4.9);
  expect(await flags.getObjectValue("recommendations", {}, { targetingKey: "ada" })).toEqual({
    model: "neighbours-v2",
    count: 8,
    personalised: true,
  });
});

test("targeting follows the context: rule, segment, prerequisite", async () => {
  const german = await flags.getStringDetails("banner-text", "?", { targetingKey: "u1", country: "DE" });
  expect(german).toMatchObject({ value: "Summer sale: up to 50 % off", variant: "summer", reason: "TARGETING_MATCH" });
  expect(german.flagMetadata).toEqual({ ruleId: "summer-sale" });
  const app = { country: "DE", appVersion: "3.10.0" };
  expect(await flags.getBooleanValue("express-pay", false, { ...STAFF, ...app })).toBe(true);
  expect(await flags.getBooleanValue("express-pay", true, { ...STAFF, country: "DE", appVersion: "3.2.0-beta" })).toBe(
    false,
  );
});

test("the very next evaluation after a toggle shows it", async () => {
  const enabled = () => flags.getBooleanValue("payments-queue", false, { targetingKey: "order-1" });
  expect(await enabled()).toBe(false);
  for (const value of [true, false, true]) {
    await shop.patch("payments-queue", { enabled: value });
    expect(await enabled()).toBe(value);
  }
});

test("a kill is in force at the next evaluation, takes dependants along, and only a restore lifts it", async () => {
  const staff = { ...STAFF, country: "DE", appVersion: "3.10.0" };
  await shop.post("new-checkout/kill", { comment: "errors" });
  const killed = await flags.getBooleanDetails("new-checkout", true, staff);
  expect(killed).toMatchObject({ value: false, variant: "off", reason: "DISABLED", flagMetadata: { killed: true } });
  expect(await flags.getBooleanValue("express-pay", true, staff)).toBe(false);
  await shop.post("new-checkout/kill", {});
  await shop.patch("new-checkout", { enabled: true });
  expect(await flags.getBooleanValue("new-checkout", true, staff)).toBe(false);
  await shop.post("new-checkout/restore", { comment: "fixed" });
  expect(await flags.getBooleanValue("new-checkout", false, staff)).toBe(true);
  expect(await flags.getBooleanValue("express-pay", false, staff)).toBe(true);
});

test("an absent value leaves the caller's default", async () => {
  await shop.admin("PUT", "/flags/no-value", { type: "string", variants: { a: "A" }, offVariant: null });
  expect(await flags.getStringValue("no-value", "mine", { targetingKey: "u1" })).toBe("mine");
});

test("an unknown flag is FLAG_NOT_FOUND, a revoked key leaves defaults", async () => {
  const unknown = await flags.getBooleanDetails("no-such-flag", true, STAFF);
  expect(unknown).toMatchObject({ value: true, errorCode: ErrorCode.FLAG_NOT_FOUND });
  const { id, key } = await shop.newKey("server");
  const headers: [string, string][] = [["Authorization", `Bearer ${key}`]];
  await OpenFeature.setProviderAndWait("revoked", new OFREPProvider({ baseUrl: server.url, headers }));
  const other = OpenFeature.getClient("revoked");
  expect(await other.getBooleanValue("new-checkout", false, STAFF)).toBe(true);
  await shop.admin("DELETE", `/environments/production/keys/${id}`);
  expect(await other.getBooleanDetails("new-checkout", false, STAFF)).toMatchObject({ value: false, reason: "ERROR" });
});
