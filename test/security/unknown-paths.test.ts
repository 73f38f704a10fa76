import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";

// A missing file that answers the dashboard's page with 200 is kept by browsers as a script, below /assets for a year; a
// mistyped call that does is taken for an answer.

let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  await server?.stop();
});

const ask = async (path: string, method = "GET") => {
  const response = await fetch(server.url + path, { method, redirect: "manual" });
  return { status: response.status, headers: response.headers, text: await response.text() };
};

test("a file that is missing and a call that is mistyped are 404, kept by nobody", async () => {
  const missing = ["/assets/gone-1a2b3c4d.js", "/assets/", "/nope.css", "/favicon.ico", "/.env", "/blastdoor.js.map"];
  const mistyped = ["/api", "/v1", "/ofrep", "/API/v1/projects", "/healthz/", "/metrics/", "/openapi.json"];
  for (const path of [...missing, ...mistyped, "/demo/gone.js"]) {
    const { status, headers, text } = await ask(path);
    expect([path, status]).toEqual([path, 404]);
    expect(headers.get("Cache-Control") ?? "").not.toMatch(/immutable|max-age=[1-9]/);
    expect(text).not.toContain("<title>");
  }
  expect((await ask("/assets/gone.js", "POST")).status).toBeGreaterThanOrEqual(400);
});

test("the dashboard is there at its own addresses, with its policy, and its files are kept", async () => {
  const home = await ask("/");
  for (const path of ["/p/demo/flags", "/p/demo/flags/some.flag", "/anything"]) {
    const { status, headers, text } = await ask(path);
    expect([path, status, text === home.text]).toEqual([path, 200, true]);
    for (const name of ["Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options", "Cache-Control"])
      expect([name, headers.get(name)]).toEqual([name, home.headers.get(name)]);
  }
  const [file] = /\/assets\/[^"]+\.js/.exec(home.text) ?? [];
  const { status, headers } = await ask(file as string);
  expect([status, headers.get("Cache-Control")]).toEqual([200, "public, max-age=31536000, immutable"]);
});
