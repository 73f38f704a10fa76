import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demo } from "../openfeature/demo.ts";
import { root, type Server, startServer } from "../process/server.ts";

// The examples of docs/telemetry.md, as they stand there.

const run = promisify(execFile);
let server: Server;
let env: NodeJS.ProcessEnv;
const folder = mkdtempSync(path.join(tmpdir(), "blastdoor-docs-"));

beforeAll(async () => {
  server = await startServer({ env: { SEED: "" } });
  const key = await (await demo(server)).key("server");
  env = { ...process.env, URL: server.url, KEY: key };
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const docs = readFileSync(path.join(root, "docs", "telemetry.md"), "utf8");
function example(language: string, containing: string): string {
  const blocks = [...docs.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "gs"))].map(([, code = ""]) => code);
  const found = blocks.find((code) => code.includes(containing));
  if (found === undefined) throw new Error(`docs/telemetry.md has no example with ${containing}`);
  return found;
}

test("the batch of events is accepted", async () => {
  const { stdout } = await run("bash", ["-c", example("sh", "/v1/events")], { env });
  expect(JSON.parse(stdout)).toEqual({ accepted: 2, duplicate: 0, rejected: [] });
});

test("the hook reports from another project, from the files that are copied", async () => {
  const copy = example("sh", "cp blastdoor/").replaceAll("blastdoor/", `${root}/`).replace("src/", folder);
  await run("bash", ["-c", copy]);
  symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
  writeFileSync(path.join(folder, "package.json"), '{"type": "module"}');
  const app = `${example("ts", "addHooks").replace("@blastdoor/telemetry", "./openfeature-telemetry.ts")}
    import { OFREPProvider } from "@openfeature/ofrep-provider";
    const headers = [["Authorization", "Bearer " + process.env.KEY]] as [string, string][];
    await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: process.env.URL ?? "", headers }));
    const user = { targetingKey: "u1" };
    console.log(await OpenFeature.getClient().getBooleanValue("new-checkout", false, user));
    telemetry.outcome("checkout", user, { ok: true, latencyMs: 180 });
    await telemetry.close();
  `;
  writeFileSync(path.join(folder, "app.ts"), app);
  const before = await stored();
  await run(process.execPath, ["app.ts"], { cwd: folder, env });
  await expect.poll(stored).toBe(before + 2);
});

async function stored(): Promise<number> {
  const stats = await (await server.admin("/projects/demo/environments/production/events/stats")).json();
  const { stored } = stats as { stored: Record<string, number> };
  return Object.values(stored).reduce((sum, count) => sum + count, 0);
}
