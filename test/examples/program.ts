import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { built } from "./build.ts";

export interface Program extends AsyncDisposable {
  url: string;
}

/** Starts an example that is a Node server, and resolves once it listens. */
export async function startProgram(entry: string, env: Record<string, string>): Promise<Program> {
  const folder = mkdtempSync(path.join(tmpdir(), "blastdoor-example-"));
  const file = path.join(folder, "program.mjs");
  // What is CommonJS among its packages asks for `require`.
  const banner = { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' };
  writeFileSync(file, await built(entry, { platform: "node", banner }));
  const child = spawn(process.execPath, [file], {
    env: { ...process.env, PORT: "0", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  let printed = "";
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      printed += chunk;
      const listening = /listening on (\d+)/.exec(printed)?.[1];
      if (listening !== undefined) resolve(listening);
    });
    exited.then(() => reject(new Error(`${entry} ended before it listened:\n${printed}`)));
  });
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
