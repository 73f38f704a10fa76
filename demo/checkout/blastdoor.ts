import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "../../scripts/free-port.mjs";

const root = path.resolve(import.meta.dirname, "..", "..");

export interface Blastdoor {
  url: string;
  /** A request to the administration, that has to succeed. */
  // biome-ignore lint/suspicious/noExplicitAny: answers of several routes, read by name
  admin(method: string, route: string, body?: object): Promise<any>;
  /** What it has logged so far, a line an event. */
  logged(): string[];
  stop(): Promise<void>;
}

/** `npm start` on a free port with an empty state of its own, removed afterwards. */
export async function startBlastdoor(): Promise<Blastdoor> {
  const stateDir = mkdtempSync(path.join(tmpdir(), "blastdoor-checkout-"));
  const token = `bda_${randomBytes(32).toString("base64url")}`;
  const port = await freePort();
  const child = spawn(process.execPath, [path.join(root, "scripts", "start.mjs")], {
    cwd: root,
    env: { ...process.env, PORT: String(port), STATE_DIR: stateDir, ADMIN_TOKEN: token, SEED: "none" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const ready = new Promise<void>((resolve, refuse) => {
    const read = (chunk: Buffer) => {
      output += chunk;
      if (/^ready /m.test(output)) resolve();
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("exit", () => refuse(new Error(`Blastdoor did not start:\n${output}`)));
  });
  await ready;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    async admin(method, route, body) {
      const response = await fetch(`${url}/api/v1${route}`, {
        method,
        headers: { Authorization: `Bearer ${token}`, ...(body ? { "Content-Type": "application/json" } : {}) },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${route} answered ${response.status}: ${text}`);
      return text === "" ? null : JSON.parse(text);
    },
    logged: () => output.split("\n").filter((line) => line.includes('"event"')),
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
