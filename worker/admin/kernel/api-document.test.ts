import { expect, test, vi } from "vitest";
import { admin } from "../../app.ts";
import { holds, MadeOnce } from "../../http/made-once.ts";
import { api, fetched } from "../../testing/http.ts";

// Building the API's description takes 40 to 98 ms of the thread that evaluations need, and anybody may ask for it.

const PATH = "/api/v1/openapi.json";

test("the description is built once for any number of anonymous requests, whatever they look like", async () => {
  const built = vi.spyOn(admin, "getOpenAPI31Document");
  for (let request = 0; request < 40; request++) {
    const headers = { "If-None-Match": `"${request}"`, "User-Agent": `agent ${request}` };
    const { status } = await fetched(`${PATH}?v=${request}`, { headers });
    expect(status).toBe(200);
  }
  // Another test of this isolate may have asked before.
  expect(built.mock.calls.length).toBeLessThanOrEqual(1);
  built.mockClear();
  const { headers } = await api("GET", "/openapi.json", undefined, { token: null });
  const etag = headers.get("ETag") ?? "";
  for (const sent of [etag, `W/${etag}`, `"other", ${etag}`, "*"])
    expect((await fetched(PATH, { headers: { "If-None-Match": sent } })).status).toBe(304);
  for (const method of ["HEAD", "POST", "OPTIONS", "PUT"]) await fetched(PATH, { method });
  expect(built).toHaveBeenCalledTimes(0);
  built.mockRestore();
});

test("a strong ETag, a 304 without a body, HEAD, and immutable only under its own hash", async () => {
  const { status, headers, text } = await fetched(PATH);
  expect([status, headers.get("Content-Type")]).toEqual([200, "application/json"]);
  const etag = headers.get("ETag") ?? "";
  expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
  expect(headers.get("Cache-Control")).toBe("public, no-cache");
  const again = await fetched(PATH, { headers: { "If-None-Match": etag } });
  expect([again.status, again.text, again.headers.get("ETag")]).toEqual([304, "", etag]);
  const head = await fetched(PATH, { method: "HEAD" });
  expect([head.status, head.text, head.headers.get("ETag")]).toEqual([200, "", etag]);
  const named = await fetched(`${PATH}?v=${JSON.parse(etag)}`);
  expect(named.headers.get("Cache-Control")).toBe("public, max-age=31536000, immutable");
  expect(named.text).toBe(text);
  expect((await fetched(`${PATH}?v=other`)).headers.get("Cache-Control")).toBe("public, no-cache");
});

test("what is made once is made when it is first asked for, and once", () => {
  let made = 0;
  const answer = new MadeOnce(() => `made ${++made}`);
  expect(made).toBe(0);
  const first = answer.get();
  for (let request = 0; request < 1_000; request++) expect(answer.get()).toBe(first);
  expect([made, new TextDecoder().decode(first.bytes)]).toEqual([1, "made 1"]);
  expect(holds(undefined, first.etag) || holds(null, first.etag) || holds("", first.etag)).toBe(false);
});
