import { beforeAll, describe, expect, test } from "vitest";
import { LIMITS } from "../../shared/limits.ts";
import { done, evaluate, fan, fetched, newShop } from "../testing/http.ts";

let shop: Awaited<ReturnType<typeof newShop>>;
beforeAll(async () => {
  shop = await newShop();
});

const LIMIT = LIMITS.evaluationBodyBytes;
const deep = (depth: number, open = '{"a":', close = "}") => `${open.repeat(depth)}1${close.repeat(depth)}`;
const context = (json: string) => `{"context":${json}}`;
/** Exactly so many bytes of valid JSON. */
const sized = (bytes: number, letter = "x") => {
  const frame = context('{"a":""}').length;
  return context(`{"a":"${letter.repeat(Math.floor((bytes - frame) / new TextEncoder().encode(letter).length))}"}`);
};

const send = (body: BodyInit | null, headers: Record<string, string> = {}, path = "") =>
  fetched(`/ofrep/v1/evaluate/flags${path}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${shop.server}`, "Content-Type": "application/json", ...headers },
    body,
  });
const streamed = (text: string, size = 4_096) => {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  });
};

const REFUSED: [string, string, number, string][] = [
  ["a __proto__ attribute", context('{"__proto__":{"plan":"fan"}}'), 400, "INVALID_CONTEXT"],
  ["an escaped __proto__", context('{"\\u005f_proto__":{"plan":"fan"}}'), 400, "INVALID_CONTEXT"],
  ["a __proto__ deep down", context('{"a":[{"__proto__":1}]}'), 400, "INVALID_CONTEXT"],
  ["a __proto__ beside the context", '{"__proto__":{"context":{}}}', 400, "INVALID_CONTEXT"],
  ["objects one level too deep", context(deep(LIMITS.jsonDepth)), 400, "INVALID_CONTEXT"],
  ["arrays 30,000 deep", context(deep(30_000, "[", "]")), 400, "INVALID_CONTEXT"],
  ["brackets that never close", "[".repeat(60_000), 400, "INVALID_CONTEXT"],
  ["objects 100,000 deep", context(deep(100_000)), 413, "INVALID_CONTEXT"],
  ["one byte too many", sized(LIMIT + 1), 413, "INVALID_CONTEXT"],
  ["an array", "[]", 400, "INVALID_CONTEXT"],
  ["null", "null", 400, "INVALID_CONTEXT"],
  ["a number", "7", 400, "INVALID_CONTEXT"],
  ["a string", '"context"', 400, "INVALID_CONTEXT"],
  ["a context that is an array", context("[]"), 400, "INVALID_CONTEXT"],
  ["a context that is a string", context('"u1"'), 400, "INVALID_CONTEXT"],
  ["a context that is a number", context("0"), 400, "INVALID_CONTEXT"],
  ["a context that is true", context("true"), 400, "INVALID_CONTEXT"],
  ["no JSON", "targetingKey=u1", 400, "PARSE_ERROR"],
  ["JSON cut off", '{"context":{"targetingKey":"u1"', 400, "PARSE_ERROR"],
  ["two documents", '{"context":{}}{}', 400, "PARSE_ERROR"],
  ["empty", "", 400, "PARSE_ERROR"],
  ["NaN", context('{"a":NaN}'), 400, "PARSE_ERROR"],
];

describe.each(REFUSED)("%s", (_what, body, status, errorCode) => {
  test(`is refused with ${status}, in bulk and for one flag, which the answer names`, async () => {
    const bulk = await send(body);
    expect([bulk.status, bulk.json]).toEqual([status, { errorCode, errorDetails: expect.any(String) }]);
    const single = await send(body, {}, "/public");
    expect([single.status, single.json]).toEqual([status, { key: "public", ...bulk.json }]);
  });
});

describe("a body that fits is taken", () => {
  test.each([
    ["of exactly the limit", sized(LIMIT)],
    ["exactly as deep as allowed", context(deep(LIMITS.jsonDepth - 1))],
    ["without a context", "{}"],
    ["with a null context", '{"context":null}'],
    ["with names from every object's prototype", context('{"constructor":"x","toString":1,"hasOwnProperty":true}')],
    ["with a lone surrogate", context('{"targetingKey":"\\ud800"}')],
    ["with numbers beyond doubles", context('{"a":1e999,"b":-0,"c":123456789012345678901234567890}')],
    ["with brackets in strings", context(`{"a":"${"[{".repeat(500)}"}`)],
    [
      "with brackets after an escaped quote",
      context(JSON.stringify({ a: `"${"[".repeat(50)}`, b: `\\" ${"{".repeat(50)}` })),
    ],
    ["with other fields", '{"context":{},"extra":{"x":1}}'],
  ])("%s", async (_what, body) => expect((await send(body)).status).toBe(200));
});

test("bytes count, not characters", async () => {
  expect((await send(sized(LIMIT + 4, "€"))).status).toBe(413);
  expect((await send(sized(LIMIT - 4, "€"))).status).toBe(200);
});

describe("without Content-Length", () => {
  test("a stream of the limit is read, one of a byte more is not, and a longer one is not read to its end", async () => {
    expect((await send(streamed(sized(LIMIT)))).status).toBe(200);
    expect((await send(streamed(sized(LIMIT + 1)))).status).toBe(413);
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++;
        if (pulled > 10_000) controller.close();
        else controller.enqueue(new Uint8Array(16_384).fill(32));
      },
    });
    expect((await send(endless)).status).toBe(413);
    expect(pulled).toBeLessThan(100);
  });

  test("characters cut apart by chunks arrive whole", async () => {
    await done("PUT", `${shop.at}/flags/euro`, {
      type: "boolean",
      variants: { on: true, off: false },
      offVariant: "off",
    });
    const rules = [{ id: "r", when: { attribute: "sign", op: "equals", values: ["€😀"] }, serve: { variant: "on" } }];
    await done("PUT", `${shop.state}/euro`, { enabled: true, rules, fallthrough: { variant: "off" } });
    const answer = await send(streamed(context('{"sign":"€😀"}'), 1), {}, "/euro");
    expect(answer.json.value).toBe(true);
  });
});

test.each([
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "application/jsonp",
  "text/json",
  "",
])("Content-Type %j is refused with 415", async (type) => {
  const answer = await send(context("{}"), { "Content-Type": type });
  expect([answer.status, answer.json.errorCode]).toEqual([415, "PARSE_ERROR"]);
});

test.each(["application/json", "application/json; charset=utf-8", "Application/JSON", "application/vnd.api+json"])(
  "Content-Type %j is taken",
  async (type) => expect((await send(context("{}"), { "Content-Type": type })).status).toBe(200),
);

test("a flag's name of any shape is an unknown flag, never a fault", async () => {
  for (const flag of [
    "__proto__",
    "constructor",
    "toString",
    "%00",
    "%F0%9F%98%80",
    "a%2Fb",
    "..%2f..",
    "%",
    "%E0%A4%A",
    "x".repeat(5_000),
  ]) {
    const answer = await evaluate(shop.server, { flag, context: fan });
    expect([flag.slice(0, 20), answer.status]).toEqual([flag.slice(0, 20), 404]);
  }
});

test("other methods and paths under OFREP are 404, never a fault", async () => {
  for (const method of ["GET", "PUT", "DELETE", "PATCH", "HEAD"]) {
    expect((await fetched("/ofrep/v1/evaluate/flags", { method })).status).toBe(404);
  }
});
