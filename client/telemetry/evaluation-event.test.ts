import { InMemoryProvider, OpenFeature } from "@openfeature/server-sdk";
import { afterEach, expect, test } from "vitest";
import { EVALUATION_EVENT, type EvaluationAttributes } from "./evaluation-event.ts";
import { OpenFeatureTelemetry } from "./openfeature-telemetry.ts";

const SERVER = `bds_shop_production_${"0".repeat(40)}`;
const CLIENT = SERVER.replace("bds", "bdc");
const USER = { targetingKey: "u1", plan: "pro" };

const taken = (async () => Response.json({ accepted: 0, duplicate: 0, rejected: [] })) as typeof fetch;
afterEach(() => OpenFeature.clearProviders());

/** Evaluates one flag through the SDK; `metadata` is what the provider says of it. */
async function recorded(key: string, flag: string, metadata: Record<string, string | boolean> = {}, context = USER) {
  const heard: EvaluationAttributes[] = [];
  const telemetry = new OpenFeatureTelemetry({
    ...{ baseUrl: "http://flags.test", key, fetch: taken },
    onEvaluation: (attributes) => heard.push(attributes),
  });
  const provider = new InMemoryProvider({ one: { variants: { on: true }, defaultVariant: "on", disabled: false } });
  const resolve = provider.resolveBooleanEvaluation.bind(provider);
  provider.resolveBooleanEvaluation = async (...asked) => ({ ...(await resolve(...asked)), flagMetadata: metadata });
  await OpenFeature.setProviderAndWait("telemetry", provider);
  const client = OpenFeature.getClient("telemetry").addHooks(telemetry.hook);
  if (flag === "text") await client.getStringValue("one", "default", context);
  else await client.getBooleanValue(flag, false, context);
  await telemetry.close();
  expect(heard).toHaveLength(1);
  return heard[0] as EvaluationAttributes;
}

test("an evaluation is recorded under the names of OpenTelemetry's conventions", async () => {
  expect(EVALUATION_EVENT).toBe("feature_flag.evaluation");
  expect(await recorded(SERVER, "one", { version: "1.7-a", ruleId: "r1" })).toEqual({
    "feature_flag.key": "one",
    "feature_flag.provider.name": "in-memory",
    "feature_flag.result.reason": "static",
    "feature_flag.result.variant": "on",
    "feature_flag.context.id": "u1",
    "feature_flag.set.id": "shop/production",
    "feature_flag.version": "1.7-a",
  });
});

test("with a client key neither set nor version is recorded, whatever the provider says", async () => {
  const attributes = await recorded(CLIENT, "one", { version: "1.7-a", flagSetId: "shop/production" });
  expect(Object.keys(attributes)).not.toContain("feature_flag.set.id");
  expect(Object.keys(attributes)).not.toContain("feature_flag.version");
});

test.each([
  ["no-such-flag", "flag_not_found", "false", expect.stringContaining("no-such-flag")],
  // That provider gives no reason in words.
  ["text", "type_mismatch", '"default"', undefined],
])("%s: the error's type and words, and the default that was served", async (flag, type, value, message) => {
  const attributes = await recorded(SERVER, flag);
  expect(attributes).toMatchObject({
    ...{ "error.type": type, "feature_flag.result.reason": "error", "feature_flag.result.value": value },
  });
  expect(attributes["feature_flag.error.message"]).toEqual(message);
});

test("what a preview forced is marked, and an anonymous context has no id", async () => {
  const attributes = await recorded(SERVER, "one", { preview: true }, {} as typeof USER);
  expect(attributes["blastdoor.preview"]).toBe(true);
  expect(Object.keys(attributes)).not.toContain("feature_flag.context.id");
});
