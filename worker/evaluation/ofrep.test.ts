import { beforeAll, describe, expect, test } from "vitest";
import { api, done, evaluate, fan, fetched, newShop } from "../testing/http.ts";

type Shop = Awaited<ReturnType<typeof newShop>>;
let shop: Shop;
beforeAll(async () => {
  shop = await newShop();
});

const CORS = { "access-control-allow-origin": "*", "access-control-expose-headers": "ETag, Retry-After" };
const headersOf = (answer: { headers: Headers }) => Object.fromEntries(answer.headers.entries());
const keysOf = (answer: { json: { flags: { key: string }[] } }) => answer.json.flags.map(({ key }) => key);

describe("a single evaluation", () => {
  test("for a client key: value, variant and reason, and nothing about rules", async () => {
    expect((await evaluate(shop.client, { flag: "public", context: fan })).json).toEqual({
      key: "public",
      value: "yes",
      variant: "on",
      reason: "TARGETING_MATCH",
    });
    expect((await evaluate(shop.client, { flag: "public" })).json).toEqual({
      key: "public",
      value: "no",
      variant: "off",
      reason: "DEFAULT",
    });
  });

  test("for a server key says by which rule", async () => {
    expect((await evaluate(shop.server, { flag: "server-only", context: fan })).json).toEqual({
      key: "server-only",
      value: "yes",
      variant: "on",
      reason: "TARGETING_MATCH",
      metadata: { ruleId: "fans" },
    });
  });

  test("of a flag without an off variant omits the value, so that the code's default applies", async () => {
    const definition = { type: "number", variants: { one: 1 }, offVariant: null, visibility: "public" };
    await done("PUT", `${shop.at}/flags/defaulted`, definition);
    const { json, text } = await evaluate(shop.server, { flag: "defaulted" });
    expect(json).toEqual({ key: "defaulted", reason: "DISABLED" });
    expect(text).not.toContain("null");
    expect((await evaluate(shop.client, { flag: "defaulted" })).json).toEqual({ key: "defaulted", reason: "DISABLED" });
  });

  test("takes nothing about the network from the context", async () => {
    const when = { attribute: "edge.country", op: "equals", values: ["XX"] };
    await done("PUT", `${shop.at}/flags/abroad`, {
      type: "boolean",
      variants: { on: true, off: false },
      offVariant: "off",
    });
    const rules = [{ id: "xx", when, serve: { variant: "on" } }];
    await done("PUT", `${shop.state}/abroad`, { enabled: true, rules, fallthrough: { variant: "off" } });
    const context = { targetingKey: "u1", edge: { country: "XX" }, "edge.country": "XX" };
    expect((await evaluate(shop.server, { flag: "abroad", context })).json).toMatchObject({ value: false });
  });
});

describe("a bulk evaluation", () => {
  test("gives a client key what it may see, and a server key everything", async () => {
    const target = await newShop();
    expect(keysOf(await evaluate(target.client, { context: fan }))).toEqual(["public", "targeted"]);
    expect(keysOf(await evaluate(target.client))).toEqual(["public"]);
    expect(keysOf(await evaluate(target.server))).toEqual(["public", "server-only", "targeted"]);
  });

  test("shows a client nothing but keys, values, variants, reasons and its stream", async () => {
    const { json, text } = await evaluate(shop.client, { context: fan });
    expect(Object.keys(json).sort()).toEqual(["eventStreams", "flags"]);
    for (const flag of json.flags) {
      for (const field of Object.keys(flag)) expect(["key", "value", "variant", "reason"]).toContain(field);
    }
    for (const word of ["fans", "plan", "server-only", "metadata", "ruleId", "revision"]) {
      expect(text).not.toContain(`"${word}`);
    }
  });
});

describe("a base URL that ends with a slash", () => {
  test("evaluates and streams", async () => {
    const headers = { "Content-Type": "application/json", Authorization: `Bearer ${shop.client}` };
    const post = { method: "POST", headers, body: JSON.stringify({ context: fan }) };
    for (const path of ["//ofrep/v1/evaluate/flags", "///ofrep/v1/evaluate/flags/public"])
      expect([path, (await fetched(path, post)).status]).toEqual([path, 200]);
    expect((await fetched("//ofrep/v1/streams/shop/production?token=none")).status).toBe(401);
  });
});

describe("ETag and 304", () => {
  const tagOf = async (context: object = fan) => (await evaluate(shop.client, { context })).headers.get("ETag") ?? "";
  const status = async (tag: string, context: object = fan) => {
    const answer = await evaluate(shop.client, { context, headers: { "If-None-Match": tag } });
    return answer.status;
  };

  test("a client's ETag covers its context and its key, so that no page keeps another context's stream", async () => {
    const u1 = { targetingKey: "u1" };
    const before = await evaluate(shop.client, { context: u1 });
    const tag = before.headers.get("ETag") ?? "";
    expect(await status(tag, u1)).toBe(304);
    for (const other of [{ ...u1, country: "DE" }, { targetingKey: "u2" }, {}]) {
      const after = await evaluate(shop.client, { context: other, headers: { "If-None-Match": tag } });
      expect([after.status, after.json.flags]).toEqual([200, before.json.flags]);
      expect(after.json.eventStreams).not.toEqual(before.json.eventStreams);
    }
    const otherKey = await evaluate(await shop.key("client"), { context: u1, headers: { "If-None-Match": tag } });
    expect(otherKey.status).toBe(200);
  });

  test("a server's ETag is the result's alone", async () => {
    const tag = (await evaluate(shop.server, { context: fan })).headers.get("ETag") ?? "";
    const other = { targetingKey: "u2", plan: "fan" };
    const answer = await evaluate(shop.server, { context: other, headers: { "If-None-Match": tag } });
    expect(answer.status).toBe(304);
  });

  test("the ETag is the same for the same result, another for another result, and strong", async () => {
    const tag = await tagOf();
    expect(tag).toMatch(/^"[^"]+"$/);
    expect(await tagOf()).toBe(tag);
    expect(await tagOf({ targetingKey: "u1" })).not.toBe(tag);
  });

  test("If-None-Match is met by the tag, a weak one, one of a list, and *", async () => {
    const tag = await tagOf();
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`, `${tag}, "other"`, `"a",W/${tag},"b"`, "*"]) {
      expect([known, await status(known)]).toEqual([known, 304]);
    }
    for (const known of ['"other"', tag.slice(1, -1), `"x${tag.slice(1)}`, "", '"a", "b"']) {
      expect([known, await status(known)]).toEqual([known, 200]);
    }
  });

  test("a 304 has the tag and the CORS headers, and no body", async () => {
    const tag = await tagOf();
    const answer = await evaluate(shop.client, { context: fan, headers: { "If-None-Match": tag } });
    expect([answer.status, answer.text, answer.headers.get("ETag")]).toEqual([304, "", tag]);
    expect(headersOf(answer)).toMatchObject(CORS);
  });

  test("a client's tag does not betray changes that it cannot see", async () => {
    const target = await newShop();
    const tag = async () => (await evaluate(target.client)).headers.get("ETag");
    const before = await tag();
    for (const flag of ["server-only", "targeted"]) {
      await done("PATCH", `${target.state}/${flag}`, { enabled: false });
      await done("PATCH", `${target.at}/flags/${flag}`, { description: "another plan" });
    }
    await done("POST", `${target.state}/server-only/kill`, {});
    expect(await tag()).toBe(before);
    await done("POST", `${target.state}/public/kill`, {});
    expect(await tag()).not.toBe(before);
  });
});

describe("secrecy", () => {
  const shape = async (flag: string, context: object = {}) => {
    const answer = await evaluate(shop.client, { flag, context });
    return { status: answer.status, headers: headersOf(answer), body: answer.text.replaceAll(flag, "FLAG") };
  };

  test("hidden flags and unknown ones are answered alike, byte for byte, headers included", async () => {
    const unknown = await shape("no-such-flag", fan);
    expect(unknown).toEqual({
      status: 404,
      headers: { "content-type": "application/json", "x-content-type-options": "nosniff", ...CORS },
      body: '{"key":"FLAG","errorCode":"FLAG_NOT_FOUND","errorDetails":"there is no flag of this key"}',
    });
    expect(await shape("server-only", fan)).toEqual(unknown);
    expect(await shape("targeted")).toEqual(unknown);
    expect((await shape("targeted", fan)).status).toBe(200);
  });

  test("a killed targeted flag is as unknown as any other", async () => {
    const target = await newShop();
    await done("POST", `${target.state}/targeted/kill`, {});
    expect((await evaluate(target.client, { flag: "targeted", context: fan })).status).toBe(404);
    expect(keysOf(await evaluate(target.client, { context: fan }))).toEqual(["public"]);
  });

  test("an archived flag is unknown to everybody", async () => {
    const target = await newShop();
    await done("DELETE", `${target.at}/flags/public`);
    for (const key of [target.client, target.server])
      expect((await evaluate(key, { flag: "public" })).json).toMatchObject({ errorCode: "FLAG_NOT_FOUND" });
  });
});

describe("CORS", () => {
  test("a preflight is answered for any path, without a key", async () => {
    for (const path of ["/ofrep/v1/evaluate/flags", "/ofrep/v1/evaluate/flags/x"]) {
      const headers = { Origin: "https://shop.example", "Access-Control-Request-Method": "POST" };
      const answer = await fetched(path, { method: "OPTIONS", headers });
      expect([answer.status, answer.text]).toEqual([204, ""]);
      expect(headersOf(answer)).toMatchObject({
        ...CORS,
        "access-control-allow-methods": "POST, OPTIONS",
        "access-control-allow-headers": "Content-Type, If-None-Match, Authorization, X-API-Key",
        "access-control-max-age": "86400",
      });
    }
  });

  test("every answer may be read by a page: successes, refusals, unknown routes", async () => {
    const answers = await Promise.all([
      evaluate(shop.client),
      evaluate(shop.client, { flag: "none" }),
      evaluate(null),
      evaluate("bdc_wrong"),
      fetched("/ofrep/v1/nowhere", { method: "POST" }),
      fetched("/ofrep/v1/evaluate/flags"),
    ]);
    for (const answer of answers) expect(headersOf(answer)).toMatchObject(CORS);
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 401, 401, 404, 404]);
  });
});

test("read your writes: the author's next evaluation shows the change", async () => {
  const target = await newShop();
  for (const enabled of [false, true, false]) {
    await done("PATCH", `${target.state}/public`, { enabled });
    const { json } = await evaluate(target.server, { flag: "public", context: fan });
    expect(json.value).toBe(enabled ? "yes" : "no");
  }
  expect((await api("POST", `${target.state}/public/kill`)).status).toBe(200);
  await done("PATCH", `${target.state}/public`, { enabled: true });
  expect((await evaluate(target.server, { flag: "public", context: fan })).json).toMatchObject({ value: "no" });
});
