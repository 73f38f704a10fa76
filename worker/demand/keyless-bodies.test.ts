import { createExecutionContext } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { SLOW_MS } from "../events/bytes-in-flight.ts";
import worker from "../index.ts";
import { env } from "../testing/bindings.ts";
import { aDoor, BROWSER, sent, withTest } from "../testing/demand.ts";
import { ORIGIN } from "../testing/http.ts";
import { KeylessBodies } from "./keyless-bodies.ts";

/** A body that is written byte by byte, and ended by hand. */
function slow() {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start: (its) => {
      controller = its;
    },
  });
  return {
    request: new Request(`${ORIGIN}/v1/doors/door/open`, {
      method: "POST",
      headers: { "Content-Type": "text/plain", "User-Agent": BROWSER },
      body,
    }),
    write: (bytes: number) => controller?.enqueue(new Uint8Array(bytes).fill(32)),
    end: () => controller?.close(),
  };
}

describe("bodies whose sender nobody knows", () => {
  test("hold a bounded room together, in which the slow give way to the next", async () => {
    const clock = { now: 1_000_000 };
    const bodies = new KeylessBodies(() => clock.now, 10_000);
    const slowly = Array.from({ length: 10 }, () => {
      const one = slow();
      const read = bodies.read(one.request, 64 * 1024).catch((error) => error.problem.status as number);
      one.write(1_000);
      return { ...one, read };
    });
    await scheduler.wait(20);
    expect(bodies.held).toBe(10_000);
    const whole = () => new Request(ORIGIN, { method: "POST", body: "{}" });
    await expect(bodies.read(whole(), 64)).rejects.toMatchObject({ problem: { status: 503 } });
    clock.now += SLOW_MS;
    expect(await bodies.read(whole(), 64)).toBe("{}");
    for (const one of slowly) one.write(1);
    await scheduler.wait(20);
    for (const one of slowly.slice(1)) one.end();
    const answers = await Promise.all(slowly.map(({ read }) => read));
    expect(answers.map((answer) => (typeof answer === "string" ? "whole" : answer))).toEqual([
      503,
      ...Array<string>(9).fill("whole"),
    ]);
    expect(bodies.held).toBe(0);
  });
});

describe("a door", () => {
  let shop: Awaited<ReturnType<typeof withTest>>;
  beforeAll(async () => {
    shop = await withTest("door", aDoor());
  });

  test("is opened to people while bodies without a key never end, and those are refused in the end", async () => {
    const ask = async (request: Request) => worker.fetch(request as never, env, createExecutionContext());
    const held = Array.from({ length: 60 }, () => {
      const one = slow();
      const answer = ask(one.request);
      one.write(60_000);
      return { ...one, answer };
    });
    const statuses: number[] = [];
    for (const { answer } of held)
      void answer.then((response) => {
        statuses.push(response.status);
        expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
      });
    await scheduler.wait(SLOW_MS + 200);
    // Two megabytes are 34 of them; the others were told so at once.
    expect(statuses).toEqual(Array<number>(statuses.length).fill(503));
    expect(statuses.length).toBeGreaterThanOrEqual(60 - 34);
    const opened = await sent("/v1/doors/door/open", { key: shop.client, context: { targetingKey: "u1" } });
    expect(opened.status).toBe(200);
    // Those that remain drip on, and are ended all the same.
    const drip = setInterval(() => {
      for (const one of held)
        try {
          one.write(1);
        } catch {
          // It was cancelled.
        }
    }, 1_000);
    const answers = await Promise.all(held.map(({ answer }) => answer));
    clearInterval(drip);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503, 408]));
  });
});
