import { expect, test } from "vitest";
import { fetched } from "../testing/http.ts";

test("where the demo is not switched on, there is nothing at its address", async () => {
  for (const url of ["/demo?key=x", "/demo/demo.css"]) expect([url, (await fetched(url)).status]).toEqual([url, 404]);
});

test("the browser script is there for pages of any origin, and is a script", async () => {
  const { status, headers, text } = await fetched("/blastdoor.js");
  expect([status, headers.get("Content-Type")]).toEqual([200, "text/javascript; charset=utf-8"]);
  expect(headers.get("Access-Control-Allow-Origin")).toBe("*");
  expect(headers.get("Cross-Origin-Resource-Policy")).toBe("cross-origin");
  expect(text).toContain("data-fake-door");
});
