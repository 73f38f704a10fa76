import { describe, expect, test } from "vitest";
import { fetched } from "../testing/http.ts";

const PATHS = [
  "/ofrep/v1/evaluate/flags",
  "/ofrep/v1/evaluate/flags/f",
  "/v1/events",
  "/v1/doors/views",
  "/v1/ask/f",
  "/v1/pages",
];

async function allowed(path: string, asked: string): Promise<string[]> {
  const { status, headers } = await fetched(path, {
    method: "OPTIONS",
    headers: {
      Origin: "https://shop.example",
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": asked,
    },
  });
  expect(status).toBe(204);
  expect(headers.get("Vary")).toBe("Access-Control-Request-Headers");
  return (headers.get("Access-Control-Allow-Headers") ?? "").toLowerCase().split(", ");
}

describe.each(PATHS)("a preflight of %s", (path) => {
  test("allows what tracing and the page add, beside what the API reads", async () => {
    const names = await allowed(path, "content-type,sentry-trace, baggage,traceparent,X-My-Header");
    for (const name of ["authorization", "content-type", "sentry-trace", "baggage", "traceparent", "x-my-header"])
      expect(names.filter((one) => one === name)).toEqual([name]);
  });

  test("says names only, each once, and a bounded number of them", async () => {
    const few = await allowed(path, "x-a, x-a, X-A, x b, <script>, *;q=1, x:y, , x-b");
    expect(few.filter((name) => name.startsWith("x-") && name !== "x-api-key")).toEqual(["x-a", "x-b"]);
    expect(few.join()).not.toMatch(/[<>:;=]/);
    const many = await allowed(path, Array.from({ length: 200 }, (_, index) => `x-${index}`).join());
    expect(many.length).toBeLessThan(50);
    const long = await allowed(path, `x-${"a".repeat(5_000)}`);
    expect(long.join().length).toBeLessThan(100);
  });
});
