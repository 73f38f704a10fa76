import { describe, expect, test } from "vitest";
import { contextMark, type FirstValues, firstValue } from "./first-values.ts";
import { firstValuesScript, readFirstValues } from "./server.ts";
import { startFrom } from "./start-from.ts";

const OPTIONS = { baseUrl: "https://flags.example/", key: "bdc_x", id: "u1", context: { plan: "gold" } };
const STREAM = "/ofrep/v1/streams/shop/production?token=t";
const BODY = {
  flags: [
    { key: "on", value: true, variant: "on", reason: "STATIC" },
    { key: "none", reason: "DISABLED" },
    { key: "__proto__", value: "x" },
  ],
  eventStreams: [{ type: "sse", endpoint: { requestUri: STREAM } }],
};
const answering =
  (body: unknown, init: ResponseInit = {}, asked: Request[] = []): typeof fetch =>
  async (input, sent) => {
    asked.push(new Request(input, sent));
    return new Response(JSON.stringify(body), { headers: { ETag: '"e"' }, ...init });
  };
const read = (fetch: typeof globalThis.fetch = answering(BODY)) => readFirstValues({ ...OPTIONS, fetch });

describe("on the server", () => {
  test("one request asks for all flags, and its answer is what the browser starts with", async () => {
    const asked: Request[] = [];
    const values = await read(answering(BODY, undefined, asked));
    expect(asked.map(({ url }) => url)).toEqual(["https://flags.example/ofrep/v1/evaluate/flags"]);
    expect(await asked[0]?.json()).toEqual({ context: { plan: "gold", targetingKey: "u1" } });
    expect(asked[0]?.headers.get("X-API-Key")).toBe("bdc_x");
    expect(values).toMatchObject({ id: "u1", etag: '"e"', stream: STREAM, flags: { on: { value: true } } });
    expect(firstValue(values, "on", false)).toBe(true);
    for (const flag of ["none", "gone", "constructor", "toString"]) expect(firstValue(values, flag, 7)).toBe(7);
    expect(firstValue(null, "on", false)).toBe(false);
  });

  test.each([
    ["an error", answering({}, { status: 401 })],
    ["an error of the server", answering({}, { status: 503 })],
    ["no JSON", async () => new Response("<html>")],
    ["another shape", answering({})],
    ["no network", () => Promise.reject(new TypeError("no network"))],
  ])("%s: null, and nothing in the page", async (_, fetch) => {
    const values = await read(fetch);
    expect(values).toBeNull();
    expect(firstValuesScript(values)).toBe("");
  });

  test("gives up in time", async () => {
    const fetch: typeof globalThis.fetch = (_, init) =>
      new Promise((_resolve, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)));
    expect(await readFirstValues({ ...OPTIONS, timeoutMs: 1, fetch })).toBeNull();
  });

  test("no text of a flag leaves the element, and it is JSON again", async () => {
    const nasty = "</script><script>alert(1)</script><!-- & \u2028\u2029 \"'";
    const flags = { [nasty]: { key: nasty, value: nasty } };
    const values: FirstValues = { id: nasty, at: 1, etag: null, flags, of: "x" };
    const element = firstValuesScript(values, { nonce: "abc+/=" });
    const [, inside = ""] =
      /^<script type="application\/json" id="blastdoor-values" nonce="abc\+\/=">(.*)<\/script>$/.exec(element) ?? [];
    expect(inside).not.toMatch(/[<>&\u2028\u2029]/);
    expect(JSON.parse(inside)).toEqual(values);
    expect(() => firstValuesScript(values, { nonce: '"><b' })).toThrow("nonce");
  });
});

describe("in the browser", () => {
  const ask = (context: unknown) =>
    new Request("https://flags.example/ofrep/v1/evaluate/flags", { method: "POST", body: JSON.stringify({ context }) });

  test("the first question for the same context is answered without a request, the next is asked", async () => {
    const asked: Request[] = [];
    const start = startFrom(await read(), answering({ flags: [] }, undefined, asked));
    const first = await start(ask({ targetingKey: "u1", plan: "gold" }));
    expect([first.status, first.headers.get("ETag"), asked.length]).toEqual([200, '"e"', 0]);
    const { flags, eventStreams } = await first.json();
    expect(flags.map(({ key }: { key: string }) => key)).toEqual(["on", "none", "__proto__"]);
    expect(eventStreams).toEqual(BODY.eventStreams);
    expect(await (await start(ask({ targetingKey: "u1", plan: "gold" }))).json()).toEqual({ flags: [] });
    expect(asked).toHaveLength(1);
  });

  test.each([
    ["another visitor", { targetingKey: "u2", plan: "gold" }],
    ["another attribute", { targetingKey: "u1", plan: "free" }],
    ["one attribute less", { targetingKey: "u1" }],
    ["nothing", undefined],
  ])("%s is asked for", async (_, context) => {
    const asked: Request[] = [];
    await startFrom(await read(), answering({ flags: [] }, undefined, asked))(ask(context));
    expect(await asked[0]?.json()).toEqual(context === undefined ? {} : { context });
  });

  test("values of a page that was kept for over an hour are not used, and without any it asks", async () => {
    const values = (await read()) as FirstValues;
    for (const given of [{ ...values, at: Date.now() - 3_600_001 }, null]) {
      const asked: Request[] = [];
      await startFrom(given, answering({ flags: [] }, undefined, asked))(ask({ targetingKey: "u1", plan: "gold" }));
      expect(asked).toHaveLength(1);
    }
  });
});

test("a context's mark depends on what it says, and not on the order", () => {
  const marks = [
    { a: 1, b: { c: [1, 2], d: "x" } },
    { b: { d: "x", c: [1, 2] }, a: 1 },
  ].map(contextMark);
  expect(new Set(marks).size).toBe(1);
  const others = [
    { a: 1 },
    { a: "1" },
    { a: [1] },
    { b: 1 },
    {},
    { a: null },
    { a: { a: 1 } },
    { a: [2, 1] },
    { a: [1, 2] },
  ];
  expect(new Set(others.map(contextMark)).size).toBe(others.length);
});
