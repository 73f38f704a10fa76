import { beforeAll, describe, expect, test } from "vitest";
import { SIGNED_CONTEXT_ATTRIBUTE } from "../../shared/schema/signed-context.ts";
import { LEAST_VIEW_MS } from "../objects/test-ledger/door-doubts.ts";
import { aDoor, sent, withTest } from "../testing/demand.ts";
import { done } from "../testing/http.ts";
import { jws, secondsFromNow } from "../testing/jws.ts";

const FLAG = "gift-cards";
let shop: Awaited<ReturnType<typeof withTest>>;
let sign: (over?: object) => string;
let strict: string;
beforeAll(async () => {
  shop = await withTest(FLAG, aDoor({ networkCap: 30 }));
  const at = `${shop.at}/environments/production`;
  const { id, secret, audience } = await done("POST", `${at}/signing-keys`, { name: "Shop" });
  sign = (over = {}) => jws({ aud: audience, exp: secondsFromNow(600), ...over }, secret, { kid: id });
  const made = await done("POST", `${at}/keys`, { kind: "client", name: "k" });
  await done("PUT", `${at}/keys/${made.id}/signing`, { require: "context" });
  strict = made.key;
});

const door = (action: string, context: object, more: object = {}, key = shop.client) =>
  sent(`/v1/doors/${FLAG}/${action}`, { key, context, ...more });
const of = (browser: string, token?: string) => ({
  targetingKey: browser,
  ...(token === undefined ? {} : { [SIGNED_CONTEXT_ATTRIBUTE]: token }),
});
async function click(context: object): Promise<void> {
  const { nonce } = (await door("open", context)).json;
  await scheduler.wait(LEAST_VIEW_MS + 30);
  await door("seen", context, { nonce });
  expect((await door("click", context, { nonce })).json).toEqual({ state: "clicked" });
}
const stateOf = async (context: object) => (await door("open", context)).json.state;

describe("a fake door joins browsers", () => {
  test("of one signed user: who clicked on one is thanked on the other", async () => {
    await click(of("browser-1", sign({ sub: "ann" })));
    expect(await stateOf(of("browser-2", sign({ sub: "ann" })))).toBe("clicked");
  });

  test("not of a user that the browser itself names", async () => {
    await click(of("browser-3", sign({ sub: "bob" })));
    expect((await door("open", of("browser-4"), { user: "bob" })).json.state).not.toBe("clicked");
    expect((await door("open", { ...of("browser-5"), userId: "bob" })).json.state).not.toBe("clicked");
  });

  test("by `join` with a signed user, or a server key, and with nothing else", async () => {
    const refused = await door("join", of("browser-6"), { user: "bob" });
    expect([refused.status, refused.json.errorDetails]).toEqual([403, expect.stringContaining("sub")]);
    expect((await door("join", of("browser-6", sign({})), { user: "bob" })).status).toBe(403);
    const joined = await door("join", of("browser-6", sign({ sub: "bob" })), { user: "somebody else" });
    expect(joined.json).toEqual({ state: "clicked" });
  });
});

describe("a visitor's context that is not believed", () => {
  test.each([
    ["open", `/v1/doors/${FLAG}/open`, {}],
    ["ask", `/v1/ask/${FLAG}`, { id: crypto.randomUUID(), input: "?" }],
  ])("is refused by %s, with the field and what to do", async (_what, path, more) => {
    const missing = await sent(path, { key: strict, context: { targetingKey: "u" }, ...more });
    expect([missing.status, missing.json.errorDetails]).toEqual([400, expect.stringContaining("context: This key")]);
    const expired = of("u", sign({ exp: secondsFromNow(-1) }));
    const answer = await sent(path, { key: shop.client, context: expired, ...more });
    expect([answer.status, answer.json.errorDetails]).toEqual([400, expect.stringContaining("has expired")]);
  });

  test("a key that wants everything signed knows the browser by its signed name only", async () => {
    const token = sign({ context: { targetingKey: "signed-browser" } });
    const { nonce } = (await door("open", of("forged", token), {}, strict)).json;
    const other = sign({ context: { targetingKey: "another-browser" } });
    expect((await door("seen", of("signed-browser", other), { nonce }, strict)).status).toBe(409);
    expect((await door("seen", of("anything", token), { nonce }, strict)).status).toBe(200);
  });
});
