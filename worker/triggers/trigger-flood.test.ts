import { createExecutionContext } from "cloudflare:test";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { withChecksum } from "../crypto/key-checksum.ts";
import { sha256 } from "../crypto/sha256.ts";
import { SLOW_MS } from "../events/bytes-in-flight.ts";
import worker from "../index.ts";
import { TRIGGER_LOOKS_AT_ONCE } from "../objects/kernel/admission.ts";
import { env } from "../testing/bindings.ts";
import { done, evaluate, fan, newShop, ORIGIN } from "../testing/http.ts";
import {
  MAX_TOKENS,
  PER_TOKEN,
  PER_TOKEN_AND_KIND,
  REFUSED_MS,
  TriggerGate,
  UNVOUCHED,
  UNVOUCHED_PER_NETWORK,
  VOUCHED,
} from "./trigger-gate.ts";

// Anybody can make up tokens of a real project. Its store, which kills wait for, hears of few of them.

let shop: Awaited<ReturnType<typeof newShop>>;
let token: string;
let id: string;
let looks = 0;
let network = 0;
let ip: string;

beforeAll(async () => {
  shop = await newShop();
  ({ token, id } = await done("POST", `${shop.state}/public/triggers`, { name: "Pager" }));
  await evaluate(shop.server);
});
beforeEach(() => {
  looks = 0;
  ip = `198.51.${network++}.7`;
});

const SECRET = "a-secret-for-checksums-in-this-test";
const madeUp = () => `bdk_${shop.project}_production_${sha256(crypto.randomUUID()).slice(0, 56)}`;

/** The store as it is, counted; or one that does not answer whether it knows a token. */
function storeOf(mute: boolean): DurableObjectNamespace {
  const real = env.FLAG_STORE;
  return {
    idFromName: (name: string) => real.idFromName(name),
    get: (place: DurableObjectId) => ({
      fetch: (url: string, init: RequestInit) => {
        if (url.endsWith("/knowsTrigger")) {
          looks++;
          if (mute) return Promise.resolve(new Response(null, { status: 503 }));
        }
        return real.get(place).fetch(url, init as never);
      },
    }),
  } as unknown as DurableObjectNamespace;
}

/** Calls with a body that never ends, unless one is given. */
async function call(asked: string, { mute = false, body = "" } = {}) {
  let read = false;
  const endless = new ReadableStream<Uint8Array>(
    {
      pull: () => {
        read = true;
        return new Promise(() => {});
      },
    },
    { highWaterMark: 0 },
  );
  const request = new Request(`${ORIGIN}/v1/triggers/${asked}`, {
    method: "POST",
    headers: { "CF-Connecting-IP": ip },
    body: body === "" ? endless : body,
  });
  const bindings = { ...env, KEY_CHECKSUM_SECRET: SECRET, FLAG_STORE: storeOf(mute) };
  const { status, headers } = await worker.fetch(request as never, bindings, createExecutionContext());
  return { status, retryAfter: headers.get("Retry-After"), read };
}

describe("made-up tokens of a real project", () => {
  test("reach its store at a bounded rate, with nothing of a body read; a real one kills all the same", async () => {
    for (let n = 0; n < 150; n++) {
      const { status, retryAfter, read } = await call(madeUp());
      expect([404, 503]).toContain(status);
      if (status === 503) expect(retryAfter).toMatch(/^[1-9]\d*$/);
      expect(read).toBe(false);
    }
    expect(looks).toBeGreaterThan(0);
    expect(looks).toBeLessThan(100);
    ip = "203.0.113.9";
    expect((await call(token, { body: "{}" })).status).toBe(200);
    expect((await evaluate(shop.server, { flag: "public", context: fan })).json.value).toBe("no");
    // From then on it is in the other lane, even if its own network floods.
    looks = 0;
    for (let n = 0; n < 40; n++) await call(madeUp());
    looks = 0;
    expect((await call(token, { body: "{}" })).status).toBe(200);
    expect(looks).toBe(0);
  });

  test("are asked about once, however often they come", async () => {
    const one = madeUp();
    for (let n = 0; n < 10; n++) expect((await call(one)).status).toBe(404);
    expect(looks).toBe(1);
  });

  test("are told to come again by a store that does not answer, before any body is read", async () => {
    const { status, retryAfter, read } = await call(madeUp(), { mute: true });
    expect([status, retryAfter, read]).toEqual([503, "1", false]);
  });

  test("with this installation's checksum are heard out by then: their call may still get through", async () => {
    const answer = await call(withChecksum(madeUp(), SECRET), { mute: true, body: "{}" });
    expect(answer.status).toBe(404);
  });
});

describe("a known token", () => {
  let other: { token: string };
  let asked = 0;
  const counting = { ...env, FLAG_STORE: countingCalls(() => asked++) };
  const called = async (token: string, body: BodyInit, headers: Record<string, string> = {}) => {
    const request = new Request(`${ORIGIN}/v1/triggers/${token}`, { method: "POST", headers, body });
    return worker.fetch(request as never, counting, createExecutionContext());
  };
  beforeAll(async () => {
    other = await done("POST", `${shop.state}/targeted/triggers`, { name: "Other" });
    expect((await called(other.token, '{"status":"test"}')).status).toBe(200);
  });

  test("that floods asks the store no more than its cap allows, and keeps no other from killing", async () => {
    // As every HTTP client sends a short body.
    const sent = (token: string, body: string) => called(token, body, { "Content-Length": String(body.length) });
    const real = await done("POST", `${shop.state}/server-only/triggers`, { name: "Real" });
    asked = 0;
    const statuses = new Map<number, number>();
    for (let n = 0; n < 400; n++) {
      const { status, body } = await sent(other.token, '{"status":"test"}');
      await body?.cancel();
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect([...statuses.keys()].sort()).toEqual([200, 429]);
    expect(asked).toBeLessThan(220);
    expect((await sent(real.token, "{}")).status).toBe(200);
    // Nor does its own chatter keep it from killing.
    expect((await sent(other.token, "{}")).status).toBe(200);
  });

  test("takes no isolate's memory with bodies that never end: they give way, and end in time", async () => {
    const tokens: string[] = [];
    for (let n = 0; n < 3; n++)
      tokens.push((await done("POST", `${shop.state}/targeted/triggers`, { name: `Slow ${n}` })).token);
    for (const token of tokens) await (await called(token, '{"status":"test"}')).body?.cancel();
    // 16 MiB of an honest length, and of an end that never comes.
    const chunk = new Uint8Array(512 * 1024).fill(32);
    const endless = () =>
      new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(chunk) }, { highWaterMark: 0 });
    const real = JSON.stringify({ status: "firing", comment: "x".repeat(10_000) });
    const slow = Array.from({ length: 32 }, (_, n) => called(tokens[n % tokens.length] as string, endless()));
    // Ordinary calls have room of their own from the first moment on, others once the slow ones give way.
    const ordinary = { "Content-Length": String(real.length) };
    expect((await called(tokens[1] as string, real, ordinary)).status).toBe(200);
    await scheduler.wait(SLOW_MS + 200);
    expect((await called(tokens[0] as string, "{}")).status).toBe(200);
    const statuses = (await Promise.all(slow)).map(({ status }) => status);
    expect([...new Set(statuses)].sort()).toEqual([408, 503]);
    expect(statuses.filter((status) => status === 503).length).toBeGreaterThanOrEqual(16);
  });
});

/** The store as it is, with each call of a trigger told. */
function countingCalls(told: () => void): DurableObjectNamespace {
  const real = env.FLAG_STORE;
  return {
    idFromName: (name: string) => real.idFromName(name),
    get: (place: DurableObjectId) => ({
      fetch: (url: string, init: RequestInit) => {
        if (url.endsWith("/callTrigger")) told();
        return real.get(place).fetch(url, init as never);
      },
    }),
  } as unknown as DurableObjectNamespace;
}

test("a store that is asked about thousands of tokens answers for some, and still kills", async () => {
  const stub = env.FLAG_STORE.get(env.FLAG_STORE.idFromName(shop.project));
  const ask = (method: string, ...parameters: unknown[]) =>
    stub.fetch(`https://durable/${method}`, { method: "POST", body: JSON.stringify(parameters) });
  const asked = await Promise.all(
    Array.from({ length: 1_000 }, async () => {
      const { status, body } = await ask("knowsTrigger", "production", "trg_0", "");
      await body?.cancel();
      return status;
    }),
  );
  const answered = asked.filter((status) => status === 200).length;
  expect(answered).toBeGreaterThanOrEqual(TRIGGER_LOOKS_AT_ONCE / 2);
  expect(answered).toBeLessThan(900);
  await done("POST", `${shop.state}/public/restore`, {});
  const signal = { kind: "firing", source: "plain", summary: "x", episodes: [], onset: null, sentAt: null };
  const killed = await ask("callTrigger", "production", id, sha256(token), signal);
  expect(await killed.json()).toMatchObject({ outcome: "killed" });
});

describe("the gate", () => {
  const passed = (gate: TriggerGate, vouched: boolean, tries: number, from = (n: number) => `${n}`) =>
    Array.from({ length: tries }, (_, n) => gate.wait(vouched, from(n), 0)).filter((wait) => wait === 0).length;

  test("lets so many of one network and of all through, and the vouched ones apart from them", () => {
    expect(passed(new TriggerGate(), false, 1_000, () => "one")).toBe(UNVOUCHED_PER_NETWORK.burst);
    const gate = new TriggerGate();
    expect(passed(gate, false, 1_000)).toBe(UNVOUCHED.burst);
    expect(passed(gate, true, 1_000)).toBe(VOUCHED.burst);
  });

  test("lets one token call so often, and refuses it before it takes room in the lane of all", () => {
    const gate = new TriggerGate();
    const calls = (token: string, tries: number, firing?: boolean) =>
      Array.from({ length: tries }, () => gate.waitOfToken(token, 0, firing)).filter((wait) => wait === 0).length;
    expect(calls("flooding", 10_000)).toBe(PER_TOKEN.burst);
    expect(calls("flooding", 10_000, false)).toBe(PER_TOKEN_AND_KIND.burst);
    expect(PER_TOKEN_AND_KIND.burst).toBeLessThan(VOUCHED.burst / 4);
    // Chatter uses up no firing call, and one token none of another.
    expect([calls("flooding", 1, true), calls("another", 1), calls("another", 1, false)]).toEqual([1, 1, 1]);
    expect([gate.waitOfToken("flooding", 60_000), gate.waitOfToken("flooding", 60_000, false)]).toEqual([0, 0]);
  });

  test("remembers refusals for a while, and few enough", () => {
    const gate = new TriggerGate();
    for (let n = 0; n <= MAX_TOKENS; n++) gate.refused(`${n}`, 1_000);
    expect([gate.isRefused("0", 1_000), gate.isRefused("1", 1_000)]).toEqual([false, true]);
    expect(gate.isRefused("1", 1_000 + REFUSED_MS)).toBe(false);
    gate.known("2");
    expect([gate.isRefused("2", 1_000), gate.isKnown("2")]).toEqual([false, true]);
    gate.refused("2", 1_000);
    expect(gate.isKnown("2")).toBe(false);
  });
});
