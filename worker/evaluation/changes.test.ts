import { exports } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { done, fetched, newShop, ORIGIN } from "../testing/http.ts";

const worker = (exports as unknown as { default: Fetcher }).default;
const PATH = "/server/v1/changes";

/** What a client hears: versions, pongs, and the code that the socket was closed with. */
interface Heard {
  readonly status: number;
  readonly versions: number[];
  readonly texts: string[];
  closed: number | null;
  readonly socket: WebSocket | null;
  readonly protocol: string | null;
}

async function follow(headers: Record<string, string>): Promise<Heard> {
  const response = await worker.fetch(ORIGIN + PATH, { headers: { Upgrade: "websocket", ...headers } });
  const socket = response.webSocket;
  const protocol = response.headers.get("Sec-WebSocket-Protocol");
  const heard: Heard = { status: response.status, versions: [], texts: [], closed: null, socket, protocol };
  socket?.addEventListener("message", ({ data }) => {
    const text = String(data);
    if (text.startsWith("{")) heard.versions.push(JSON.parse(text).version);
    else heard.texts.push(text);
  });
  socket?.addEventListener("close", ({ code }) => {
    heard.closed = code;
  });
  socket?.accept();
  if (!socket) await response.body?.cancel();
  return heard;
}
const withKey = (key: string) => follow({ Authorization: `Bearer ${key}` });

describe("a client that follows changes", () => {
  test("hears at once which version is out, then of each later one, kills included, and of no other environment", async () => {
    const shop = await newShop();
    const heard = await withKey(shop.server);
    expect(heard.status).toBe(101);
    await expect.poll(() => heard.versions.length).toBe(1);
    const [first = 0] = heard.versions;

    await done("PATCH", `${shop.at}/environments/staging/flags/public`, { enabled: true });
    await done("PATCH", `${shop.state}/public`, { enabled: false });
    await expect.poll(() => heard.versions.length).toBe(2);
    expect(heard.versions[1]).toBeGreaterThan(first);

    await done("POST", `${shop.state}/targeted/kill`, { comment: "test" });
    await expect.poll(() => heard.versions.length).toBeGreaterThan(2);
    expect(heard.versions.toSorted((a, b) => a - b)).toEqual(heard.versions);
  });

  test("gets its pings answered, and may say nothing else", async () => {
    const shop = await newShop();
    const heard = await withKey(shop.server);
    heard.socket?.send("ping");
    await expect.poll(() => heard.texts).toEqual(["pong"]);
    expect(heard.closed).toBeNull();
    heard.socket?.send("hello");
    await expect.poll(() => heard.closed).toBe(1003);
  });

  test("may offer its key as a subprotocol, which is not sent back", async () => {
    const shop = await newShop();
    const heard = await follow({ "Sec-WebSocket-Protocol": `blastdoor, blastdoor-key.${shop.server}` });
    expect(heard).toMatchObject({ status: 101, protocol: "blastdoor" });
    await expect.poll(() => heard.versions.length).toBe(1);
  });

  test("loses its socket when its key is revoked; other keys keep theirs", async () => {
    const shop = await newShop();
    const route = `${shop.at}/environments/production/keys`;
    const other = await done("POST", route, { kind: "server", name: "other" });
    const [ended, kept] = [await withKey(other.key), await withKey(shop.server)];
    await expect.poll(() => ended.versions.length + kept.versions.length).toBe(2);
    await done("DELETE", `${route}/${other.id}`);
    await expect.poll(() => ended.closed).toBe(4001);
    expect(kept.closed).toBeNull();
  });

  test("loses its socket when its key reaches its end", async () => {
    const shop = await newShop();
    const route = `${shop.at}/environments/production/keys`;
    const { id, key } = await done("POST", route, { kind: "server", name: "short" });
    const heard = await withKey(key);
    await expect.poll(() => heard.versions.length).toBe(1);
    await done("PUT", `${route}/${id}/expiry`, { expiresAt: new Date(Date.now() + 1_000).toISOString() });
    await expect.poll(() => heard.closed).toBe(4001);
  });

  test("loses its socket with its environment", async () => {
    const shop = await newShop();
    const heard = await withKey(shop.server);
    await expect.poll(() => heard.versions.length).toBe(1);
    await done("DELETE", `${shop.at}/environments/production`);
    await expect.poll(() => heard.closed).not.toBeNull();
  });
});

describe("nobody follows", () => {
  test.each([
    ["without a key", () => ({}), 401],
    ["with a made-up key", () => ({ Authorization: `Bearer bds_shop_production_${"0".repeat(40)}` }), 401],
    [
      "with a client key, which is public",
      (shop: { client: string }) => ({ Authorization: `Bearer ${shop.client}` }),
      403,
    ],
  ])("%s", async (_how, headers, status) => {
    const shop = await newShop();
    expect(await follow(headers(shop))).toMatchObject({ status, socket: null });
  });

  test("without asking for a WebSocket, nor with the key in the address", async () => {
    const shop = await newShop();
    const plain = await fetched(PATH, { headers: { Authorization: `Bearer ${shop.server}` } });
    expect([plain.status, plain.headers.get("Upgrade")]).toEqual([426, "websocket"]);
    const response = await worker.fetch(`${ORIGIN}${PATH}?key=${shop.server}`, { headers: { Upgrade: "websocket" } });
    expect(response.status).toBe(401);
    await response.body?.cancel();
  });
});
