import { createExecutionContext } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { frontDoor } from "./front-door.ts";
import { env } from "./testing/bindings.ts";
import { aDesk, withTest } from "./testing/demand.ts";
import { fan, newShop, ORIGIN } from "./testing/http.ts";

// Mounted below a path of its host, such as example.com/flags/*.

let shop: Awaited<ReturnType<typeof newShop>>;
beforeAll(async () => {
  shop = await newShop();
});

async function asked(path: string, { base = "/flags", ...init }: RequestInit & { base?: string } = {}) {
  const request = new Request(ORIGIN + path, init as never);
  const response = await frontDoor(request as never, { ...env, BASE_PATH: base }, createExecutionContext());
  return response as unknown as Response;
}

const bulk = (key: string) => ({
  method: "POST",
  headers: { "Content-Type": "application/json", Authorization: `Bearer ${key}` },
  body: JSON.stringify({ context: fan }),
});

const streamIn = async (answer: Response) =>
  ((await answer.json()) as { eventStreams: { endpoint: { requestUri: string } }[] }).eventStreams[0]?.endpoint
    .requestUri as string;

describe("mounted below a path", () => {
  test("evaluation answers there, and names a stream that is there as well", async () => {
    for (const base of ["/flags", "/flags/", "//flags", "//flags//"]) {
      const answer = await asked(`${base}/ofrep/v1/evaluate/flags`, bulk(shop.client));
      expect([base, answer.status]).toEqual([base, 200]);
    }
    const uri = await streamIn(await asked("/flags/ofrep/v1/evaluate/flags", bulk(shop.client)));
    expect(uri).toMatch(/^\/flags\/ofrep\/v1\/streams\//);
    const stream = await asked(uri, { headers: { Accept: "text/event-stream" } });
    expect([stream.status, stream.headers.get("Content-Type")]).toEqual([200, "text/event-stream; charset=utf-8"]);
    await stream.body?.cancel();
  });

  test("behind a proxy that takes the path away, addresses in answers still begin with it", async () => {
    const answer = await asked("/ofrep/v1/evaluate/flags", bulk(shop.client));
    expect(await streamIn(answer)).toMatch(/^\/flags\/ofrep\/v1\/streams\//);
  });

  test("one flag, events, the script, the API and a trigger's address are there", async () => {
    expect((await asked("/flags/ofrep/v1/evaluate/flags/public", bulk(shop.client))).status).toBe(200);
    const events = { ...bulk(shop.server), body: JSON.stringify({ batchId: "b", sentAt: Date.now(), events: [] }) };
    expect((await asked("/flags/v1/events", events)).headers.get("Content-Type")).toContain("json");
    expect((await asked("/flags/blastdoor.js")).headers.get("Content-Type")).toContain("javascript");
    expect((await asked("/flags/healthz")).status).toBe(200);
    const made = await asked(`/flags/api/v1${shop.state}/public/triggers`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${env.ADMIN_TOKEN}` },
      body: '{"name": "monitoring"}',
    });
    expect(made.status).toBe(201);
    expect(((await made.json()) as { url: string }).url).toMatch(`${ORIGIN}/flags/v1/triggers/`);
  });

  test("a question to the desk is polled there", async () => {
    const asks = await withTest("advice", aDesk());
    const body = { key: asks.client, id: crypto.randomUUID(), context: { targetingKey: "u1" }, input: "?" };
    const answer = await asked("/flags/v1/ask/advice", { method: "POST", body: JSON.stringify(body) });
    const { poll } = (await answer.json()) as { poll: string };
    expect(poll).toMatch(/^\/flags\/v1\/ask\//);
    expect((await asked(`${poll}?wait=0`)).status).toBe(200);
  });

  test.each(["flags", "/flags/", "//flags//"])("the setting may be spelt %s", async (base) => {
    const answer = await asked("/flags/ofrep/v1/evaluate/flags", { base, ...bulk(shop.client) });
    expect(await streamIn(answer)).toMatch(/^\/flags\/ofrep\//);
  });

  test("a path that only begins alike is not taken for it", async () => {
    const answer = await asked("/flagship/ofrep/v1/evaluate/flags", bulk(shop.client));
    expect(answer.status).toBe(404);
  });
});

test("at the root of its host no address has a path in front", async () => {
  for (const base of ["", "/"]) {
    const answer = await asked("/ofrep/v1/evaluate/flags", { base, ...bulk(shop.client) });
    expect(await streamIn(answer)).toMatch(/^\/ofrep\/v1\/streams\//);
  }
});
