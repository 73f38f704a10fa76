import { readFileSync } from "node:fs";
import path from "node:path";
import { createOpenFeatureAdapter } from "@flags-sdk/openfeature";
import { OFREPProvider } from "@openfeature/ofrep-provider";
import { OpenFeature } from "@openfeature/server-sdk";
import { HeadersAdapter } from "flags";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ExampleShop, GREETING, makeShop } from "../examples/shop.ts";
import { root, type Server, startServer } from "../process/server.ts";

// docs/other-languages.md: what the stock providers send, as their sources build it, and what they need of the answer.

let server: Server;
let shop: ExampleShop;
beforeAll(async () => {
  server = await startServer();
  shop = await makeShop(async (method, route, body) => {
    const response = await server.admin(route, { method, body });
    if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? null : response.json();
  });
});
afterAll(async () => {
  await OpenFeature.clearProviders();
  await server?.stop();
});

interface Sent {
  headers: (key: string) => Record<string, string>;
  body: unknown;
}
const bearer =
  (type: string, more = {}) =>
  (key: string) => ({
    "Content-Type": type,
    Authorization: `Bearer ${key}`,
    ...more,
  });
const PLAIN = "application/json";
const UTF8 = "application/json; charset=utf-8";
const gold = { plan: "gold", targetingKey: "u1" };

/** A user of the plan gold, and nobody in particular. */
const PROVIDERS: Record<string, { known: Sent; unknown: Sent }> = {
  // openfeature-provider-ofrep: requests' `json=`; without a context there is none in the body.
  Python: {
    known: { headers: bearer(PLAIN, { Accept: "*/*", "User-Agent": "python-requests/2.32" }), body: { context: gold } },
    unknown: { headers: bearer(PLAIN), body: {} },
  },
  Go: {
    known: { headers: (key) => ({ "Content-Type": PLAIN, "X-API-Key": key }), body: { context: gold } },
    unknown: { headers: bearer(PLAIN), body: { context: {} } },
  },
  Java: {
    known: { headers: bearer(UTF8), body: { context: gold } },
    unknown: { headers: bearer(UTF8), body: { context: {} } },
  },
  ".NET": {
    known: { headers: bearer(UTF8), body: { context: gold } },
    unknown: { headers: bearer(UTF8), body: { context: {} } },
  },
  // Both always name a targeting key.
  PHP: {
    known: { headers: bearer(PLAIN), body: { context: gold } },
    unknown: { headers: bearer(PLAIN), body: { context: { targetingKey: null } } },
  },
  Ruby: {
    known: { headers: bearer(PLAIN), body: { context: gold } },
    unknown: { headers: bearer(PLAIN), body: { context: { targetingKey: null } } },
  },
};

const send = async (flag: string, { headers, body }: Sent, key = shop.server) => {
  const url = `${server.url}/ofrep/v1/evaluate/flags/${flag}`;
  const response = await fetch(url, { method: "POST", headers: headers(key), body: JSON.stringify(body) });
  return { status: response.status, headers: response.headers, json: await response.json() };
};

describe.each(Object.entries(PROVIDERS))("%s", (_, { known, unknown }) => {
  test("reads its flag, with all that the provider requires of an answer", async () => {
    await expect.poll(() => send("new-checkout", known)).toMatchObject({ status: 200, json: { value: true } });
    const { json, headers } = await send("new-checkout", known);
    expect(headers.get("content-type")).toMatch(/^application\/json/);
    // Ruby's refuses an answer that lacks one of these.
    expect(Object.keys(json)).toEqual(expect.arrayContaining(["key", "value", "reason", "variant"]));
    expect((await send("greeting", known)).json).toMatchObject({ value: GREETING });
  });

  test("of nobody in particular gets what everybody gets", async () => {
    expect((await send("new-checkout", unknown)).json).toMatchObject({ value: false, variant: "off" });
  });

  test("hears of an unknown flag by 404, and of a wrong key by 401", async () => {
    expect(await send("nowhere", known)).toMatchObject({ status: 404, json: { errorCode: "FLAG_NOT_FOUND" } });
    expect((await send("new-checkout", known, `${shop.server.slice(0, -1)}x`)).status).toBe(401);
  });
});

test("Vercel's Flags SDK, through its OpenFeature adapter", async () => {
  const adapter = createOpenFeatureAdapter(async () => {
    const headers: [string, string][] = [["Authorization", `Bearer ${shop.server}`]];
    await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: server.url, headers }));
    return OpenFeature.getClient();
  });
  const decide = (plan: string) =>
    adapter.booleanValue().decide({
      key: "new-checkout",
      entities: { targetingKey: "u1", plan },
      defaultValue: false,
      headers: HeadersAdapter.seal(new Headers()),
      cookies: undefined as never,
    });
  await expect.poll(() => decide("gold")).toBe(true);
  expect(await decide("free")).toBe(false);
});

test("the page has a section for each of them, with the address and a key", () => {
  const text = readFileSync(path.join(root, "docs", "other-languages.md"), "utf8");
  for (const name of Object.keys(PROVIDERS)) {
    const [, section = ""] = text.split(`\n## ${name}\n`);
    expect(section, name).toMatch(/flags\.shop\.example/);
  }
});
