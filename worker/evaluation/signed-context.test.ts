import { beforeAll, describe, expect, test } from "vitest";
import { SIGNED_CONTEXT_ATTRIBUTE } from "../../shared/schema/signed-context.ts";
import { api, done, evaluate, newShop } from "../testing/http.ts";
import { jws, secondsFromNow } from "../testing/jws.ts";

interface Signer {
  id: string;
  secret: string;
  audience: string;
}
let shop: Awaited<ReturnType<typeof newShop>>;
let signer: Signer;
let at: string;
/** Client keys by what they take only signed. */
let open: string;
let strict: string;
let guarded: string;

const newKey = async (signing?: object) => {
  const { id, key } = await done("POST", `${at}/keys`, { kind: "client", name: "k" });
  if (signing) await done("PUT", `${at}/keys/${id}/signing`, signing);
  return key as string;
};

beforeAll(async () => {
  shop = await newShop();
  at = `${shop.at}/environments/production`;
  signer = await done("POST", `${at}/signing-keys`, { name: "Shop server" });
  open = await newKey();
  strict = await newKey({ require: "context" });
  guarded = await newKey({ require: "attributes", attributes: ["plan", "userId"] });
});

const claims = (over: object = {}) => ({
  aud: signer.audience,
  exp: secondsFromNow(600),
  context: { targetingKey: "u1", plan: "fan" },
  ...over,
});
const signed = (over: object = {}, by = signer) => jws(claims(over), by.secret, { kid: by.id });
const asked = async (key: string, context: object, options: object = {}) =>
  (await evaluate(key, { flag: "public", context, ...options })) as Awaited<ReturnType<typeof evaluate>>;
const served = async (key: string, context: object) => (await asked(key, context)).json.value;
const withToken = (token: unknown, more: object = {}) => ({ ...more, [SIGNED_CONTEXT_ATTRIBUTE]: token });

describe("what is signed", () => {
  test("overrides unsigned attributes of the same names, and leaves the others", async () => {
    for (const key of [open, strict, guarded, shop.server])
      expect(await served(key, withToken(signed(), { targetingKey: "u1", plan: "free" }))).toBe("yes");
    const other = signed({ context: { targetingKey: "u1" } });
    expect(await served(open, withToken(other, { plan: "fan" }))).toBe("yes");
  });

  test("is the whole context where a key asks for that: a forged attribute beside it changes nothing", async () => {
    const token = signed({ context: { targetingKey: "u1" } });
    expect(await served(strict, withToken(token, { plan: "fan" }))).toBe("no");
  });

  test("is what counts of a named attribute: an unsigned one changes nothing, with a token or without", async () => {
    expect(await served(guarded, { targetingKey: "u1", plan: "fan" })).toBe("no");
    expect(await served(guarded, withToken(signed({ context: {} }), { plan: "fan" }))).toBe("no");
    expect(await served(guarded, withToken(signed()))).toBe("yes");
  });

  test("names its user as `userId`, unless it gives that attribute itself", async () => {
    await done("PUT", `${shop.at}/flags/vip`, {
      type: "boolean",
      variants: { on: true, off: false },
      offVariant: "off",
      visibility: "public",
    });
    const when = { attribute: "userId", op: "equals", values: ["ann"] };
    const rules = [{ id: "vip", when, serve: { variant: "on" } }];
    await done("PUT", `${shop.state}/vip`, { enabled: true, rules, fallthrough: { variant: "off" } });
    const vip = async (key: string, context: object) => (await evaluate(key, { flag: "vip", context })).json.value;
    expect(await vip(guarded, { userId: "ann" })).toBe(false);
    expect(await vip(guarded, withToken(signed({ sub: "ann" })))).toBe(true);
    expect(await vip(open, withToken(signed({ sub: "bob" }), { userId: "ann" }))).toBe(false);
  });
});

describe("a context that is not believed is refused with what to do", () => {
  test.each<[string, () => object, string]>([
    ["without a signature, where all is to be signed", () => ({ plan: "fan" }), "send the attribute"],
    ["that is no text", () => withToken({}), "must be a string"],
    ["that is no JWS", () => withToken("x"), "compact JWS"],
    ["too long", () => withToken("x".repeat(9_000)), "8192 characters"],
    ["that has expired", () => withToken(signed({ exp: secondsFromNow(-1) })), "has expired"],
    ["without an end", () => withToken(signed({ exp: undefined })), '"exp"'],
    ["whose end is a text", () => withToken(signed({ exp: "2999" })), '"exp"'],
    ["whose end is in milliseconds", () => withToken(signed({ exp: Date.now() + 60_000 })), "lasts too long"],
    ["of another environment", () => withToken(signed({ aud: `${shop.project}/staging` })), '"aud" must say'],
    ["for nobody", () => withToken(signed({ aud: undefined })), '"aud" must say'],
    ["of a later day", () => withToken(signed({ nbf: secondsFromNow(3_600) })), '"nbf"'],
    ["whose user is empty", () => withToken(signed({ sub: "" })), '"sub"'],
    ["whose attributes are a list", () => withToken(signed({ context: [] })), '"context"'],
    ["of an unknown key", () => withToken(signed({}, { ...signer, id: "sig_none" })), "unknown or revoked"],
    ["signed by somebody else", () => withToken(signed({}, { ...signer, secret: "bdj_guess" })), "wrong signature"],
  ])("%s", async (_what, context, why) => {
    const answer = await asked(strict, context());
    expect([answer.status, answer.json.errorCode]).toEqual([400, "INVALID_CONTEXT"]);
    expect(answer.json.errorDetails).toContain(why);
    const bulk = await evaluate(strict, { context: context() });
    expect([bulk.status, bulk.json.errorCode]).toEqual([400, "INVALID_CONTEXT"]);
  });

  test("also by keys that need no signature: a wrong one is never taken for none", async () => {
    for (const key of [open, guarded, shop.server])
      expect((await asked(key, withToken(signed({ exp: secondsFromNow(-1) })))).status).toBe(400);
  });

  test("a token with an audience among several, and one just before its beginning by another clock, are taken", async () => {
    expect(await served(strict, withToken(signed({ aud: ["other", signer.audience] })))).toBe("yes");
    expect(await served(strict, withToken(signed({ nbf: secondsFromNow(20) })))).toBe("yes");
  });

  test("an attribute named __proto__ cannot be signed into a context", async () => {
    const payload = `{"aud":"${signer.audience}","exp":${secondsFromNow(600)},"context":{"__proto__":{"plan":"fan"}}}`;
    const token = jws(JSON.parse(payload), signer.secret, { kid: signer.id });
    expect((await asked(strict, withToken(token))).status).toBe(400);
  });
});

describe("signing keys", () => {
  test("rotate with overlap: both count until the old one is revoked", async () => {
    const target = await newShop();
    const environment = `${target.at}/environments/production`;
    const keys = `${environment}/signing-keys`;
    const [first, second] = [await done("POST", keys, { name: "old" }), await done("POST", keys, { name: "new" })];
    const token = (by: Signer) =>
      withToken(jws(claims({ aud: by.audience }), by.secret, { kid: by.id }), { targetingKey: "u1" });
    for (const by of [first, second]) expect(await served(target.client, token(by))).toBe("yes");
    expect((await api("DELETE", `${keys}/${first.id}`)).status).toBe(204);
    expect((await asked(target.client, token(first))).json.errorDetails).toContain("unknown or revoked");
    expect(await served(target.client, token(second))).toBe("yes");
    expect((await api("DELETE", `${keys}/${first.id}`)).json.code).toBe("signing-key-not-found");
  });

  test("are shown once; no list, audit, export or snapshot holds a secret", async () => {
    expect(signer).toEqual({
      id: expect.stringMatching(/^sig_/),
      secret: expect.stringMatching(/^bdj_[0-9a-f]{64}$/),
      audience: `${shop.project}/production`,
      attribute: SIGNED_CONTEXT_ATTRIBUTE,
    });
    const { json, text } = await api("GET", `${at}/signing-keys`);
    expect(json.signingKeys).toEqual([
      { id: signer.id, name: "Shop server", createdBy: expect.any(String), createdAt: expect.any(String) },
    ]);
    for (const shown of [
      text,
      ...(await Promise.all(["/audit", "/export"].map(async (path) => (await api("GET", shop.at + path)).text))),
    ])
      expect(shown).not.toContain(signer.secret.slice(4));
  });

  test("a request repeated with one Idempotency-Key makes one key", async () => {
    const headers = { "Idempotency-Key": crypto.randomUUID() };
    const make = () => api("POST", `${at}/signing-keys`, { name: "again" }, { headers });
    const before = (await done("GET", `${at}/signing-keys`)).signingKeys.length;
    expect([(await make()).status, (await make()).json.code]).toEqual([201, "shown-once"]);
    expect((await done("GET", `${at}/signing-keys`)).signingKeys).toHaveLength(before + 1);
  });

  test("of other environments sign nothing here, and are gone with their environment", async () => {
    const other = await done("POST", `${shop.at}/environments/staging/signing-keys`, { name: "staging" });
    const token = withToken(signed({}, { ...other, audience: signer.audience }));
    expect((await asked(open, token)).json.errorDetails).toContain("unknown or revoked");
    expect(other.secret).not.toBe(signer.secret);
  });
});

describe("what a key asks to be signed", () => {
  test("stands in its view, and ends when it is deleted", async () => {
    const { id, key } = await done("POST", `${at}/keys`, { kind: "client", name: "k" });
    const view = async () =>
      (await done("GET", `${at}/keys`)).keys.find((one: { id: string }) => one.id === id).signing;
    await done("PUT", `${at}/keys/${id}/signing`, { require: "attributes", attributes: ["plan"] });
    expect(await view()).toEqual({ require: "attributes", attributes: ["plan"] });
    expect(await served(key, { plan: "fan" })).toBe("no");
    await api("DELETE", `${at}/keys/${id}/signing`);
    expect(await view()).toBeUndefined();
    expect(await served(key, { plan: "fan" })).toBe("yes");
  });

  test.each([
    ["nothing", {}, "require"],
    ["a word that means nothing", { require: "all" }, "require"],
    ["no attribute", { require: "attributes", attributes: [] }, "attributes"],
    ["what the edge sets itself", { require: "attributes", attributes: ["edge"] }, "attributes.0"],
    ["a path, which no attribute is called", { require: "attributes", attributes: ["address.city"] }, "attributes.0"],
    ["a JSON Pointer", { require: "attributes", attributes: ["plan", "/plan"] }, "attributes.1"],
    ["the signature itself", { require: "attributes", attributes: [SIGNED_CONTEXT_ATTRIBUTE] }, "attributes.0"],
    ["a field that is none", { require: "context", attribute: "plan" }, "attribute"],
    ["attributes beside the whole context", { require: "context", attributes: ["plan"] }, "attributes"],
  ])("cannot be %s", async (_what, body, field) => {
    const { id } = await done("POST", `${at}/keys`, { kind: "client", name: "k" });
    const answer = await api("PUT", `${at}/keys/${id}/signing`, body);
    expect([answer.status, answer.json.errors[0].field]).toEqual([422, field]);
  });

  test("is not asked of server keys, which speak for their server", async () => {
    const { keys } = await done("GET", `${at}/keys`);
    const { id } = keys.find(({ kind }: { kind: string }) => kind === "server");
    const answer = await api("PUT", `${at}/keys/${id}/signing`, { require: "context" });
    expect([answer.status, answer.json.errors[0].field]).toEqual([422, "require"]);
  });
});

describe("an event stream", () => {
  const bulk = (key: string, context: object, headers = {}) => evaluate(key, { context, headers });
  const endOf = async (address: string) => {
    const { exports } = await import("cloudflare:workers");
    const worker = (exports as unknown as { default: Fetcher }).default;
    return worker.fetch(`http://blastdoor.test${address}`);
  };

  test("of a signed context opens, and is refused once its key is revoked", async () => {
    const target = await newShop();
    const environment = `${target.at}/environments/production`;
    const by = await done("POST", `${environment}/signing-keys`, { name: "s" });
    const context = withToken(jws(claims({ aud: by.audience }), by.secret, { kid: by.id }));
    const address = (await bulk(target.client, context)).json.eventStreams[0].endpoint.requestUri;
    const opened = await endOf(address);
    expect(opened.status).toBe(200);
    // A proxy that compresses would hold the events back.
    expect(opened.headers.get("Cache-Control")).toBe("no-store, no-transform");
    await opened.body?.cancel();
    await api("DELETE", `${environment}/signing-keys/${by.id}`);
    const refused = await endOf(address);
    expect(refused.status).toBe(401);
    await refused.body?.cancel();
  });

  test("ends with its signature: one that was renewed brings a new address, not 304", async () => {
    const first = await bulk(strict, withToken(signed({ exp: secondsFromNow(600) })));
    const etag = first.headers.get("ETag") ?? "";
    const renewed = await bulk(strict, withToken(signed({ exp: secondsFromNow(1_200) })), { "If-None-Match": etag });
    expect(renewed.status).toBe(200);
    expect(renewed.json.eventStreams).not.toEqual(first.json.eventStreams);
    expect(renewed.json.flags).toEqual(first.json.flags);
  });

  test("of an unsigned context is refused once its key asks for signatures", async () => {
    const { id, key } = await done("POST", `${at}/keys`, { kind: "client", name: "k" });
    const address = (await bulk(key, { targetingKey: "u1", plan: "fan" })).json.eventStreams[0].endpoint.requestUri;
    await done("PUT", `${at}/keys/${id}/signing`, { require: "attributes", attributes: ["plan"] });
    expect((await bulk(key, { targetingKey: "u1", plan: "fan" })).status).toBe(200);
    const refused = await endOf(address);
    expect(refused.status).toBe(401);
    await refused.body?.cancel();
  });
});
