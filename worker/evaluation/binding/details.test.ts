import { beforeAll, describe, expect, test } from "vitest";
import { LIMITS } from "../../../shared/limits.ts";
import { env } from "../../testing/bindings.ts";
import { api, done, evaluate, fan, newShop } from "../../testing/http.ts";
import { detailsOfAll } from "./bulk.ts";
import { detailsOf, type Kind } from "./details.ts";
import { Flags } from "./flags.ts";

// What the service binding answers. test/clients/worker-binding.test.ts calls it from another Worker.

type Shop = Awaited<ReturnType<typeof newShop>>;
let shop: Shop;
beforeAll(async () => {
  shop = await newShop();
});

const late: Promise<unknown>[] = [];
const placed = (props: unknown) => ({ props, env, waitUntil: (work: Promise<unknown>) => late.push(work) });
const here = () => placed({ project: shop.project, environment: "production" });
const details = (flag: unknown, context: unknown = {}, otherwise: unknown = "code", kind: Kind | null = "string") =>
  detailsOf(here(), flag, otherwise, context, kind);
describe("one flag", () => {
  test("answers value, variant, reason and rule, as a server key is answered", async () => {
    expect(await details("server-only", fan)).toEqual({
      flagKey: "server-only",
      value: "yes",
      variant: "on",
      reason: "TARGETING_MATCH",
      flagMetadata: { ruleId: "fans" },
    });
    const { json } = await evaluate(shop.server, { flag: "server-only", context: fan });
    expect(json).toMatchObject({ value: "yes", variant: "on", reason: "TARGETING_MATCH" });
  });

  test("never says DISABLED for a value: Flagship's provider would serve the caller's default", async () => {
    const target = await newShop();
    const at = placed({ project: target.project, environment: "production" });
    const ask = () => detailsOf(at, "server-only", "code", fan, "string");
    await done("POST", `${target.state}/server-only/kill`, {});
    await expect
      .poll(ask)
      .toMatchObject({ value: "no", variant: "off", reason: "STATIC", flagMetadata: { killed: true } });
    await done("POST", `${target.state}/server-only/restore`, {});
    await expect.poll(ask).toMatchObject({ value: "yes" });
    await done("PATCH", `${target.state}/server-only`, { enabled: false });
    await expect.poll(ask).toMatchObject({ value: "no", variant: "off", reason: "STATIC" });
    await done("PATCH", `${target.state}/server-only`, {
      enabled: true,
      prerequisites: [{ flag: "public", variants: ["on"] }],
    });
    const poor = () => detailsOf(at, "server-only", "code", {}, "string");
    await expect.poll(poor).toMatchObject({ value: "no", variant: "off", reason: "DEFAULT" });
  });

  test("without a value leaves the caller's default, and says why", async () => {
    await done("PUT", `${shop.at}/flags/empty`, { type: "number", variants: { one: 1 }, offVariant: null });
    await expect
      .poll(() => detailsOf(here(), "empty", 7, {}, "number"))
      .toEqual({ flagKey: "empty", value: 7, reason: "DISABLED" });
  });

  test.each([
    ["an unknown flag", "nowhere", "string", "FLAG_NOT_FOUND"],
    ["a name that objects inherit", "constructor", "string", "FLAG_NOT_FOUND"],
    ["no text as its key", 5, "string", "GENERAL"],
    ["nothing as its key", undefined, "string", "GENERAL"],
    ["another type", "public", "boolean", "TYPE_MISMATCH"],
    ["a number", "public", "number", "TYPE_MISMATCH"],
    ["an object", "public", "object", "TYPE_MISMATCH"],
  ] as const)("%s: the default, with an error code", async (_, flag, kind, errorCode) => {
    const otherwise = { of: "the caller" };
    expect(await details(flag, fan, otherwise, kind)).toMatchObject({
      value: otherwise,
      reason: "ERROR",
      errorCode,
      errorMessage: expect.stringMatching(/\w/),
    });
  });

  test("a context is held to what holds over HTTP", async () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    let deep: unknown = "bottom";
    for (let level = 0; level < LIMITS.jsonDepth; level++) deep = [deep];
    const bad: unknown[] = [
      [],
      "text",
      5,
      circle,
      { big: 1n },
      { deep },
      { text: "x".repeat(LIMITS.evaluationBodyBytes) },
      { text: "ü".repeat(LIMITS.evaluationBodyBytes / 2) },
      JSON.parse('{"a":{"__proto__":1}}'),
    ];
    for (const context of bad)
      expect(await details("public", context)).toMatchObject({ value: "code", errorCode: "INVALID_CONTEXT" });
    for (const context of [undefined, null, {}, new Map([["plan", "fan"]])])
      expect(await details("public", context)).toMatchObject({ value: "no", reason: "DEFAULT" });
  });

  test("a context that says it is signed has to be", async () => {
    const refused = await details("public", { ...fan, blastdoorContext: "a.b.c" });
    expect(refused).toMatchObject({ value: "code", errorCode: "INVALID_CONTEXT" });
    expect(refused.errorMessage).toContain("blastdoorContext");
  });

  test("a preview's token shows its variant, marked, and to browsers no hidden flag", async () => {
    const { token } = await done("POST", `${shop.state}/server-only/previews`, { variant: "on" });
    const context = { blastdoorPreview: token };
    const shown = { value: "yes", variant: "on", flagMetadata: { preview: true } };
    expect(await details("server-only", context)).toMatchObject(shown);
    expect(await details("server-only")).toMatchObject({ value: "no" });
    expect((await detailsOfAll(here(), context, {})).flags["server-only"]).toMatchObject(shown);
    const browsers = await detailsOfAll(here(), context, { audience: "client" });
    expect(Object.keys(browsers.flags)).toEqual(["public"]);
  });

  test("takes the visitor's network from the calling Worker, flat or nested", async () => {
    const target = await newShop();
    const when = { attribute: "edge.country", op: "equals", values: ["FR"] };
    await done("PATCH", `${target.state}/public`, {
      rules: [
        { id: "fr", when, serve: { variant: "on" } },
        {
          id: "phones",
          when: { attribute: "edge.device", op: "equals", values: ["mobile"] },
          serve: { variant: "on" },
        },
      ],
    });
    const at = placed({ project: target.project, environment: "production" });
    const ask = (context: object) => async () => (await detailsOf(at, "public", "code", context, "string")).value;
    await expect.poll(ask({ "edge.country": "FR" })).toBe("yes");
    expect(await ask({ edge: { country: "FR" } })()).toBe("yes");
    expect(await ask({ "edge.userAgent": "iPhone" })()).toBe("yes");
    expect(await ask({ "edge.country": "DE", "edge.userAgent": "Windows" })()).toBe("no");
    expect(await ask({ country: "FR" })()).toBe("no");
  });
});

describe("props", () => {
  test.each([
    ["none", undefined, "project"],
    ["null", null, "project"],
    ["no environment", { project: "shop" }, "environment"],
    ["a number", { project: 5, environment: "production" }, "project"],
    ["a path", { project: "../x", environment: "production" }, "project"],
    ["an inherited name", { project: "constructor", environment: "production" }, "project"],
    ["a project that is not there", { project: "nobody-has-it", environment: "production" }, "nobody-has-it"],
  ])("%s: the default, and a message that names the fault", async (_, props, named) => {
    const found = await detailsOf(placed(props), "public", "code", {}, "string");
    expect(found).toMatchObject({ value: "code", reason: "ERROR", errorCode: "GENERAL" });
    expect(found.errorMessage).toContain(named);
    expect(await detailsOfAll(placed(props), {}, undefined)).toMatchObject({ flags: {}, errorCode: "GENERAL" });
  });

  test("an environment that the project does not have", async () => {
    const found = await detailsOf(placed({ project: shop.project, environment: "qa" }), "public", "code", {}, "string");
    expect(found).toMatchObject({ value: "code", errorCode: "GENERAL" });
    expect(found.errorMessage).toContain('"qa"');
  });
});

describe("all flags", () => {
  test("for a server everything, for a browser what a client key may learn", async () => {
    const target = await newShop();
    const at = placed({ project: target.project, environment: "production" });
    await expect.poll(async () => Object.keys((await detailsOfAll(at, fan, undefined)).flags)).toHaveLength(3);
    expect((await detailsOfAll(at, fan, {})).flags["server-only"]).toMatchObject({ flagMetadata: { ruleId: "fans" } });
    const shown = await detailsOfAll(at, fan, { audience: "client" });
    expect(Object.keys(shown.flags)).toEqual(["public", "targeted"]);
    expect(JSON.stringify(shown)).not.toMatch(/fans|server-only/);
    expect(Object.keys((await detailsOfAll(at, {}, { audience: "client" })).flags)).toEqual(["public"]);
  });

  test("an audience that there is not, and a bad context, give nothing and a reason", async () => {
    expect(await detailsOfAll(here(), {}, { audience: "everybody" })).toMatchObject({
      flags: {},
      errorCode: "GENERAL",
    });
    expect(await detailsOfAll(here(), [], undefined)).toMatchObject({ flags: {}, errorCode: "INVALID_CONTEXT" });
  });
});

test("is counted in the flag's usage", async () => {
  const target = await newShop();
  const at = placed({ project: target.project, environment: "production" });
  await expect.poll(async () => (await detailsOf(at, "public", "code", {}, "string")).value).toBe("no");
  await Promise.all(late.splice(0));
  const usage = `${target.at}/environments/production/usage`;
  await expect.poll(async () => (await api("GET", usage)).json.flags).toHaveProperty("public");
});

test("other Workers can call what Flagship's binding has and the bulk call, and nothing else", () => {
  const kinds = ["", "Boolean", "String", "Number", "Object"];
  const methods = kinds.flatMap((kind) => [`get${kind}Value`, `get${kind}Details`]);
  expect(Object.getOwnPropertyNames(Flags.prototype).sort()).toEqual(
    ["constructor", "get", "getAllDetails", ...methods].sort(),
  );
});
