import { expect, test } from "vitest";
import { isDashboardPath } from "./dashboard-page.ts";
import { fetched } from "./testing/http.ts";

const OURS = ["/", "/p/demo/flags", "/p/demo/flags/some.flag", "/p/demo/", "/flags", "/sign-in"];
const NOT_OURS = [
  ...["/assets/gone.js", "/assets", "/assets/", "/nope.js", "/a/b.map", "/favicon.ico", "/.env", "/openapi.json"],
  ...["/api", "/API/v1/projects", "/v1", "/V1/events", "/v2/x", "/ofrep", "/healthz/", "/metrics/x", "/blastdoor.js/"],
  ...["/demo/gone.css", "/cdn-cgi/x", "/index.php"],
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
