import { expect, test } from "vitest";
import { isDashboardPath } from "./dashboard-page.ts";
import { fetched } from "./testing/http.ts";

const OURS = ["/", "/p/demo/flags", "/p/demo/flags/some.flag", "/p/demo/", "/flags", "/sign-in"];
const NOT_OURS = [
  ...["/assets/gone.js", "/assets", "/assets/", "/nope.js", "/a/b.map", "/favicon.ico", "/.env", "/openapi.json"],
  ...["/api", "/API/v1/projects", "/v1", "/V1/events", "/v2/x", "/ofrep", "/healthz/", "/metrics/x", "/blastdoor.js/"],
  ...["/demo/gone.css", "/cdn-cgi/x", "/index.php"],
  ...["/projects", "/projects/demo/flags", "/tokens", "/session", "/evaluate/flags", "/events", "/Projects/demo"],
  ...["/flags/ofrep/v1/evaluate/flags", "/blastdoor/api/v1/projects", "/x/v1/events", "/shop/environments/production"],
];

test("the dashboard has addresses of its own, and none that looks like a file or a call", () => {
  expect([...OURS, ...NOT_OURS].filter(isDashboardPath)).toEqual(OURS);
});

test("the Worker answers the dashboard's page there, and 404 elsewhere, whatever the method", async () => {
  for (const path of OURS) {
    const { status, headers, text } = await fetched(path);
    expect([path, status, headers.get("Content-Type")]).toEqual([path, 200, "text/html; charset=utf-8"]);
    expect(text).toContain("<title>Blastdoor</title>");
    expect((await fetched(path, { method: "POST", body: "{}" })).status).toBe(404);
  }
  for (const path of NOT_OURS) {
    const { status, headers } = await fetched(path);
    expect([path, status]).toEqual([path, 404]);
    expect(headers.get("Content-Type")).toMatch(/json/);
  }
  expect((await fetched("/p/demo/flags", { method: "HEAD" })).status).toBe(200);
});

test("the browser script's address answers 404 to what is beneath it", async () => {
  expect((await fetched("/blastdoor.js/x")).status).toBe(404);
});

test("a program that asks at an address that nothing has is told so, where a browser gets the page", async () => {
  const calls: Record<string, string>[] = [
    { Accept: "application/json" },
    { Accept: "application/problem+json, application/json;q=0.9" },
    { Authorization: "Bearer bda_x" },
    { "X-API-Key": "bdc_x" },
  ];
  for (const path of ["/p/demo/flags", "/flags", "/nowhere"]) {
    for (const headers of calls) {
      const { status, json } = await fetched(path, { headers });
      expect([path, headers, status, json?.code]).toEqual([path, headers, 404, "route-not-found"]);
    }
    for (const Accept of ["text/html,application/xhtml+xml,*/*;q=0.8", "*/*", "text/*"])
      expect([path, Accept, (await fetched(path, { headers: { Accept } })).status]).toEqual([path, Accept, 200]);
  }
});
