import { expect, test } from "vitest";
import { createErrorFilter } from "./wrangler-log.mjs";

test("errors are shown whole, everything else is kept from the console", () => {
  const lines = [
    "▲ [WARNING] Unable to fetch the `Request.cf` object! Falling back to a default placeholder...",
    "",
    "  Error: connect ECONNREFUSED",
    "[wrangler:error] Error: boom",
    "    at Object.fetch (worker/index.ts:21:39)",
    "[wrangler:info] GET /boom 500 Internal Server Error (34ms)",
    "✘ [ERROR] first line",
    "",
    "  second line",
    "⎔ Reloading local server...",
  ];
  expect(lines.filter(createErrorFilter())).toEqual([
    "[wrangler:error] Error: boom",
    "    at Object.fetch (worker/index.ts:21:39)",
    "✘ [ERROR] first line",
    "  second line",
  ]);
});
