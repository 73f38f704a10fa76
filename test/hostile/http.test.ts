import { once } from "node:events";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demo } from "../openfeature/demo.ts";
import { type Server, startServer } from "../process/server.ts";

let server: Server;
let key: string;

beforeAll(async () => {
  server = await startServer({ env: { SEED: "" } });
  key = await (await demo(server)).key("server");
});
afterAll(async () => {
  await server?.stop();
});

const BULK = "/ofrep/v1/evaluate/flags";
const FLAG = "/api/v1/projects/demo/flags/hostile";
const deep = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;

async function send(method: string, route: string, body: BodyInit, type = "application/json") {
  const token = route.startsWith("/api/") ? server.adminToken : key;
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": type };
  const response = await fetch(server.url + route, { method, headers, body });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const evaluations: [string, string, string, number, string][] = [
  ["a __proto__ attribute", '{"context":{"__proto__":{"admin":true}}}', "application/json", 400, "INVALID_CONTEXT"],
  ["a nested __proto__", '{"context":{"a":{"__proto__":1}}}', "application/json", 400, "INVALID_CONTEXT"],
  ["depth 10,000", `{"context":${deep(10_000)}}`, "application/json", 400, "INVALID_CONTEXT"],
  ["depth 100,000", `{"context":${deep(100_000)}}`, "application/json", 413, "INVALID_CONTEXT"],
  ["one byte too many", `{"context":{"a":"${"x".repeat(64 * 1024)}"}}`, "application/json", 413, "INVALID_CONTEXT"],
  ["an array as body", "[]", "application/json", 400, "INVALID_CONTEXT"],
  ["an array as context", '{"context":[]}', "application/json", 400, "INVALID_CONTEXT"],
  ["a number as context", '{"context":7}', "application/json", 400, "INVALID_CONTEXT"],
  ["no JSON", "targetingKey=u1", "application/json", 400, "PARSE_ERROR"],
  ["a form", "targetingKey=u1", "application/x-www-form-urlencoded", 415, "PARSE_ERROR"],
];

test.each(evaluations)("evaluation: %s", async (_, body, type, status, errorCode) => {
  expect(await send("POST", BULK, body, type)).toMatchObject({ status, body: { errorCode } });
  expect(await send("POST", `${BULK}/new-checkout`, body, type)).toMatchObject({
    status,
    body: { errorCode, key: "new-checkout" },
  });
});

const good = { type: "boolean", variants: { on: true, off: false }, offVariant: "off" };
const writes: [string, string, string, number, string][] = [
  [
    "a __proto__ variant",
    '{"type":"boolean","offVariant":null,"variants":{"__proto__":true}}',
    "application/json",
    400,
    "forbidden-name",
  ],
  [
    "depth 100,000",
    `{"type":"json","offVariant":null,"variants":{"a":${deep(100_000)}}}`,
    "application/json",
    400,
    "json-too-deep",
  ],
  ["an unknown field", JSON.stringify({ ...good, colour: "red" }), "application/json", 422, "invalid"],
  ["a wrong type", JSON.stringify({ ...good, variants: { on: "yes" } }), "application/json", 422, "invalid"],
  ["no JSON", "{", "application/json", 400, "json-invalid"],
  ["a form", "a=b", "application/x-www-form-urlencoded", 415, "content-type"],
];

test.each(writes)("administration: %s", async (_, body, type, status, code) => {
  expect(await send("PUT", FLAG, body, type)).toMatchObject({ status, body: { status, code } });
});

test("an unknown field is named", async () => {
  const { body } = await send("PUT", FLAG, JSON.stringify({ ...good, colour: "red" }));
  expect(JSON.stringify(body.errors)).toContain("colour");
});

test("100 MB are refused, however far they are sent", async () => {
  const chunk = Buffer.alloc(1024 * 1024, 120);
  for (const route of [BULK, FLAG]) {
    const token = route === BULK ? key : server.adminToken;
    const socket = net.connect(server.port, "127.0.0.1");
    await once(socket, "connect");
    // The server may close its side while we still write.
    socket.on("error", () => {});
    let answer = "";
    socket.on("data", (data) => {
      answer += data;
    });
    const ended = once(socket, "close");
    const method = route === BULK ? "POST" : "PUT";
    const length = 100 * chunk.length;
    socket.write(
      `${method} ${route} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`,
    );
    for (let sent = 0; sent < 100 && answer === "" && !socket.destroyed; sent++) {
      await new Promise<void>((resolve) => socket.write(chunk, () => resolve()));
    }
    await ended;
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
  }
});

test("odd flag keys and methods are clear refusals", async () => {
  for (const odd of ["%00", "%2e%2e%2f", "__proto__", "constructor", "a%20b", "%F0%9F%92%A5", "x".repeat(3_000)]) {
    expect(await send("POST", `${BULK}/${odd}`, "{}")).toMatchObject({
      status: 404,
      body: { errorCode: "FLAG_NOT_FOUND" },
    });
  }
  expect((await send("PUT", BULK, "{}")).status).toBe(404);
  const malformed = await send("POST", `${BULK}/%E0%A4%A`, "{}");
  expect(malformed.status).toBeGreaterThanOrEqual(400);
  expect(malformed.status).toBeLessThan(500);
});

test.each([
  ["in the middle of the body", '{"batchId":'],
  ["before the answer", '{"batchId":"cut off","events":[]}'.padEnd(262_144)],
])("batches whose senders hang up %s take no room for good", async (_when, sent) => {
  const headers = `POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json`;
  for (let sender = 0; sender < 20; sender++) {
    const socket = net.connect(server.port, "127.0.0.1");
    await once(socket, "connect");
    socket.write(`${headers}\r\nContent-Length: 262144\r\n\r\n${sent}`);
    await sleep(30);
    socket.destroy();
  }
  const anEvent = () => ({
    id: crypto.randomUUID(),
    type: "conversion",
    unit: { targetingKey: "u1" },
    time: Date.now(),
    metric: "orders",
  });
  const batch = () => send("POST", "/v1/events", JSON.stringify({ batchId: crypto.randomUUID(), events: [anEvent()] }));
  const deadline = Date.now() + 30_000;
  let answer = await batch();
  while (answer.status === 503 && Date.now() < deadline) {
    await sleep(500);
    answer = await batch();
  }
  expect(answer).toMatchObject({ status: 202, body: { accepted: 1 } });
});

test("afterwards the server answers as before", async () => {
  const answer = await send(
    "POST",
    `${BULK}/new-checkout`,
    '{"context":{"targetingKey":"u1","email":"a@shop.example"}}',
  );
  expect(answer).toMatchObject({ status: 200, body: { value: true } });
});
