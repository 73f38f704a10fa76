import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demo } from "../openfeature/demo.ts";
import { root, type Server, startServer } from "../process/server.ts";
import { runBlocks, shellBlocks } from "./page-runner.ts";

let server: Server;
let env: Record<string, string>;
beforeAll(async () => {
  server = await startServer({ env: { SEED: "" } });
  env = { URL: server.url, ADMIN: server.adminToken, KEY: await (await demo(server)).key("server") };
});
afterAll(async () => {
  await server?.stop();
});

test("the sixty seconds of the README answer what it says", async () => {
  const tour = shellBlocks("README.md").filter(({ code }) => code.includes("curl"));
  expect(tour.length).toBeGreaterThan(2);
  const runs = await runBlocks(tour, env);
  for (const { output, promised } of runs)
    for (const answer of promised) expect(answersIn(output)).toContainEqual(answer);
  expect(runs.flatMap(({ promised }) => promised)).toHaveLength(2);
});

test("the README is one page", () => {
  expect(readFileSync(path.join(root, "README.md"), "utf8").trimEnd().split("\n").length).toBeLessThan(150);
});

/** The JSON answers of a block: curl writes them one after another, without a break between. */
function answersIn(output: string): unknown[] {
  return output
    .replaceAll("}{", "}\n{")
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
}
