import { createExecutionContext } from "cloudflare:test";
import { beforeAll, expect, test } from "vitest";
import worker from "./index.ts";
import { env } from "./testing/bindings.ts";
import { done, newShop, newToken, ORIGIN } from "./testing/http.ts";

// Identity, then rate, then size, then content: of what an unknown sender sends, nothing is read, be it a megabyte or a
// body that never ends. (Where a key may stand in the body, as a beacon's does, that much has to be read.)

let shop: Awaited<ReturnType<typeof newShop>>;
let trigger: string;
let viewer: string;

beforeAll(async () => {
  shop = await newShop();
  await done("PUT", `${shop.at}/segments/staff`, {});
  trigger = (await done("POST", `${shop.state}/public/triggers`, { name: "alert" })).token;
  viewer = (await newToken("viewer")).token;
});

/** A request whose body never ends; how much of it was read is seen by the stream itself. */
function endless(method: string, path: string, token: string | null, type = "application/json") {
  let pulled = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull: () => {
        pulled++;
        return new Promise(() => {});
      },
    },
    // Nothing is fetched ahead of who reads.
    { highWaterMark: 0 },
  );
  const headers = { "Content-Type": type, ...(token && { Authorization: `Bearer ${token}` }) };
  const request = new Request(ORIGIN + path, { method, headers, body });
  return { request, read: () => pulled > 0 };
}

const cases: [
  what: string,
  () => [method: string, path: string, token: string | null, type?: string],
  status: number,
][] = [
  ["a made-up trigger", () => ["POST", `/v1/triggers/bdk_${shop.project}_production_${"0".repeat(56)}`, null], 404],
  ["a trigger with another secret", () => ["POST", `/v1/triggers/${other(trigger)}`, null], 404],
  ["a trigger's bearer with another secret", () => ["POST", "/v1/triggers", other(trigger)], 404],
  ["no trigger at all", () => ["POST", "/v1/triggers/x", null], 404],
  ["administration without a token", () => ["PUT", `/api/v1${shop.at}`, null], 401],
  ["administration with an unknown token", () => ["POST", `/api/v1${shop.at}/import`, "bdt_unknown"], 401],
  ["administration with a lesser role", () => ["POST", `/api/v1${shop.at}/restore`, viewer], 403],
  ["a list without a token", () => ["PUT", `/api/v1${shop.at}/segments/staff/list`, null, "text/plain"], 401],
  ["a list with a lesser role", () => ["PUT", `/api/v1${shop.at}/segments/staff/list`, viewer, "text/plain"], 403],
  ["break-glass", () => ["POST", `/api/v1/break-glass${shop.state}/public/kill`, "guess"], 401],
  ["evaluation with an unknown key", () => ["POST", "/ofrep/v1/evaluate/flags", other(shop.client)], 401],
  ["events with an unknown server key", () => ["POST", "/v1/events", other(shop.server)], 401],
  ["an address that takes no body", () => ["POST", "/healthz", null], 404],
];
const other = (secret: string) => secret.slice(0, -1) + (secret.endsWith("0") ? "1" : "0");

test.each(cases)("%s: refused, and nothing of the body is read", async (_what, asked, status) => {
  const { request, read } = endless(...asked());
  const answer = await worker.fetch(request as never, env, createExecutionContext());
  expect([answer.status, read()]).toEqual([status, false]);
});

test("the right token's body is read: what is measured here can be seen", async () => {
  const { request, read } = endless("POST", `/v1/triggers/${trigger}`, null);
  const answer = await worker.fetch(request as never, env, createExecutionContext());
  expect([answer.status, read()]).toEqual([408, true]);
});
