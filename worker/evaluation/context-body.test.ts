import { createExecutionContext } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { LIMITS } from "../../shared/limits.ts";
import { SLOW_MS } from "../events/bytes-in-flight.ts";
import worker from "../index.ts";
import { env } from "../testing/bindings.ts";
import { evaluate, fetched, newShop, ORIGIN } from "../testing/http.ts";
import { ContextBodies, PLAIN_BODY_BYTES } from "./context-body.ts";
import { EVALUATION_PATH } from "./ofrep.ts";

/** A body of which so much comes at once, and nothing after that. */
const unfinished = (bytes: number): ReadableStream<Uint8Array> =>
  new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(bytes).fill(32)) });
const announcing = (bytes: number, body: ReadableStream<Uint8Array>, headers: Record<string, string> = {}) =>
  new Request(`${ORIGIN}${EVALUATION_PATH}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Content-Length": String(bytes), ...headers },
    body,
  });
const statusOf = (error: { problem: { status: number } }) => error.problem.status;

describe("bodies of evaluations", () => {
  test("beyond an ordinary context's size hold a bounded room for each kind of key, announced or not", async () => {
    const clock = { now: 1_000_000 };
    const bodies = new ContextBodies(() => clock.now, { client: 100_000, server: 100_000 });
    const read = (request: Request, kind: "client" | "server") =>
      bodies.read(request as never, LIMITS.evaluationBodyBytes, kind);
    const held = [60_000, 40_000].map((bytes) => read(announcing(65_000, unfinished(bytes)), "client").catch(statusOf));
    await scheduler.wait(20);
    expect([bodies.held("client"), bodies.held("server")]).toEqual([100_000, 0]);
    const more = () => announcing(PLAIN_BODY_BYTES + 1, unfinished(0));
    await expect(read(more(), "client")).rejects.toMatchObject({ problem: { status: 503 } });
    const whole = (bytes: number) => {
      const headers = { "Content-Length": String(bytes) };
      return new Request(ORIGIN, { method: "POST", headers, body: " ".repeat(bytes) });
    };
    // Those of servers have room of their own, and small ones need none.
    expect(await read(whole(50_000), "server")).toHaveLength(50_000);
    expect(await read(whole(PLAIN_BODY_BYTES), "client")).toHaveLength(PLAIN_BODY_BYTES);
    clock.now += SLOW_MS;
    expect(await read(whole(50_000), "client")).toHaveLength(50_000);
    expect(await Promise.all(held)).toEqual([408, 408]);
    expect(bodies.held("client")).toBe(0);
  });

  test("are as large as before", async () => {
    const bodies = new ContextBodies(Date.now);
    const sized = (bytes: number) => new Request(ORIGIN, { method: "POST", body: " ".repeat(bytes) });
    const limit = LIMITS.evaluationBodyBytes;
    expect(await bodies.read(sized(limit) as never, limit, "client")).toHaveLength(limit);
    expect(await bodies.read(sized(limit + 1) as never, limit, "client")).toBeNull();
  });
});

describe("a flood of bodies that never end, with a public key", () => {
  let shop: Awaited<ReturnType<typeof newShop>>;
  beforeAll(async () => {
    shop = await newShop();
    await evaluate(shop.client);
  });

  test("is refused without 5xx, and large contexts of others are read meanwhile", async () => {
    const ask = async (request: Request) => worker.fetch(request as never, env, createExecutionContext());
    const headers = { Authorization: `Bearer ${shop.client}` };
    // 6 MB of 60 KB each; four have room.
    const held = Array.from({ length: 100 }, () => ask(announcing(65_000, unfinished(60_000), headers)));
    await scheduler.wait(SLOW_MS + 200);
    const context = { targetingKey: "u1", note: "x".repeat(20_000) };
    for (const key of [shop.client, shop.server]) expect((await evaluate(key, { context })).status).toBe(200);
    const answers = await Promise.all(held);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([408, 429]));
    for (const { status, headers } of answers) if (status === 429) expect(headers.get("Retry-After")).toBe("2");
  });

  test("an event stream is read by GET alone: HEAD holds no slot that nobody reads", async () => {
    const { json } = await evaluate(shop.client, { context: { targetingKey: "head" } });
    const { status, headers } = await fetched(json.eventStreams[0].endpoint.requestUri, { method: "HEAD" });
    expect([status, headers.get("Allow")]).toEqual([405, "GET"]);
  });
});
