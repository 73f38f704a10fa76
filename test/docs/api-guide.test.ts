import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";
import { runBlocks, shellBlocks } from "./page-runner.ts";

let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  await server?.stop();
});

test("every block of docs/api.md runs as it stands, in order", async () => {
  const blocks = shellBlocks("docs/api.md");
  expect(blocks.length).toBeGreaterThan(15);
  const runs = await runBlocks(blocks, { URL: server.url, ADMIN: server.adminToken });
  expect(runs.at(-1)?.output).toContain('"changes"');
});
