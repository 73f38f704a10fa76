import { createExecutionContext } from "cloudflare:test";
import { expect, test } from "vitest";
import worker from "./index.ts";
import { secretOf } from "./secrets.ts";
import { env } from "./testing/bindings.ts";

const EXAMPLE = "example-replace-me";
const NAMES = ["ADMIN_TOKEN", "BREAK_GLASS_SECRET", "METRICS_TOKEN", "KEY_CHECKSUM_SECRET"] as const;
const examples = { ...env, ...Object.fromEntries(NAMES.map((name) => [name, EXAMPLE])) };

test.each([
  ["administration", "GET", "/api/v1/projects"],
  ["the break-glass route", "POST", "/api/v1/break-glass/projects/shop/environments/production/flags/checkout/kill"],
  ["metrics", "GET", "/metrics"],
])("the public example value does not open %s", async (_what, method, path) => {
  const request = new Request(`https://flags.example.net${path}`, {
    method,
    headers: { Authorization: `Bearer ${EXAMPLE}`, "Content-Type": "application/json" },
    ...(method === "POST" ? { body: "{}" } : {}),
  });
  const answer = await worker.fetch(request as never, examples, createExecutionContext());
  expect([answer.status, (await answer.json<{ code: string }>()).code]).toEqual([401, "unauthenticated"]);
});

test("an example value counts as unset, for the checksums of keys too", () => {
  for (const name of NAMES) expect(secretOf(examples, name)).toBeUndefined();
  expect(secretOf({ ADMIN_TOKEN: "bda_example" }, "ADMIN_TOKEN")).toBe("bda_example");
});
