import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "../../scripts/free-port.mjs";
import { PATIENCE_MS } from "../promises.ts";
import { processesOf } from "./processes.ts";

/** The project's folder, where `npm start` is run. */
export const root = path.resolve(import.meta.dirname, "..", "..");

export interface ServerOptions {
  /** A free one when left out. */
  port?: number;
  /** A new empty folder, removed at the end, when left out; a given one is the caller's to remove. */
  stateDir?: string;
  /** Over this process's environment and the defaults: a made-up ADMIN_TOKEN, and SEED=none. */
  env?: Record<string, string>;
}

export interface Server extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  url: string;
  port: number;
  adminToken: string;
  stateDir: string;
  /** Of npm itself. */
  pid: number;
  /** The sign-in link that was printed. */
  signInUrl: string;
  /** What was printed so far, both outputs together. */
  output(): string;
  /** A request to the administration API as admin: `admin("/projects/demo", { method: "PUT", body: {...} })`. */
  admin(route: string, init?: Omit<RequestInit, "body"> & { body?: unknown }): Promise<Response>;
  /** The living processes of this server, "PID command" each. */
  processes(): string[];
  /** Sends the signal to npm, waits until every process is gone, and gives npm's exit code (null: died of a signal). */
  stop(signal?: "SIGTERM" | "SIGINT"): Promise<number | null>;
  /** SIGKILL to npm alone, then waits until the rest has noticed and gone. */
  kill(): Promise<void>;
}

/**
 * Runs `npm start` and resolves when it is ready. One per test file in a `beforeAll` is usually right: a start takes
 * some seconds.
 *
 * ```ts
 * await using server = await startServer();               // stopped at the end of the block
 * const server = await startServer({ env: { SEED: "" } }); // with the demo project; then: await server.stop()
 * await server.admin("/projects/shop", { method: "PUT", body: { name: "Shop" } });
 * ```
 */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const port = options.port ?? (await freePort());
  const adminToken = options.env?.ADMIN_TOKEN ?? `bda_${randomBytes(32).toString("base64url")}`;
  const stateDir = options.stateDir ?? createStateDir();
  const run = runStart({ PORT: String(port), STATE_DIR: stateDir, ADMIN_TOKEN: adminToken, ...options.env });
  const removeState = () => {
    if (options.stateDir === undefined) rmSync(stateDir, { recursive: true, force: true });
  };

  const end = async (signal: NodeJS.Signals) => {
    run.child.kill(signal);
    const code = await run.exited;
    await gone(stateDir);
    removeState();
    return code;
  };

  const ready = /^ready (http:\S+)\n(?:sign in (\S+)\n)/m;
  await Promise.race([run.prints(ready), run.exited]);
  const [, url, signInUrl] = ready.exec(run.output()) ?? [];
  if (url === undefined || signInUrl === undefined) {
    removeState();
    throw new Error(`npm start ended before it was ready:\n${run.output()}`);
  }

  return {
    url,
    port,
    adminToken,
    stateDir,
    signInUrl,
    pid: run.child.pid as number,
    output: run.output,
    processes: () => processesOf(stateDir),
    admin: (route, { body, headers, ...init } = {}) => {
      const all = new Headers(headers);
      if (!all.has("authorization")) all.set("authorization", `Bearer ${adminToken}`);
      if (body !== undefined) all.set("content-type", "application/json");
      return fetch(`${url}/api/v1${route}`, {
        ...init,
        headers: all,
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    },
    stop: (signal = "SIGTERM") => end(signal),
    kill: async () => {
      await end("SIGKILL");
    },
    [Symbol.asyncDispose]: async () => {
      await end("SIGTERM");
    },
  };
}

/**
 * `npm start` exactly, with these variables over this process's environment. For starts that are meant to fail; others
 * take `startServer`.
 */
export function runStart(env: Record<string, string>) {
  const child = spawn("npm", ["start"], {
    cwd: root,
    env: { ...process.env, SEED: "none", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  leash(child);
  let output = "";
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
      for (const check of waiting) check();
    });
  }
  return {
    child,
    output: () => output,
    exited: once(child, "exit").then(([code]) => code as number | null),
    prints: (pattern: RegExp) =>
      new Promise<void>((resolve) => {
        const check = () => {
          if (!pattern.test(output)) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
  };
}

/** A new empty folder for a state; the caller removes it. */
export function createStateDir(): string {
  return mkdtempSync(path.join(tmpdir(), "blastdoor-state-"));
}

/** Resolves when no process of this state folder lives any more; rejects naming them when they stay. */
export async function gone(stateDir: string, timeoutMs = PATIENCE_MS): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const left = processesOf(stateDir);
    if (left.length === 0) return;
    if (Date.now() > deadline) throw new Error(`still running:\n${left.join("\n")}`);
    await sleep(25);
  }
}

let reaper: ChildProcess | undefined;

/** Has the server ended even when this process is killed before it could do so. */
function leash(server: ChildProcess) {
  if (reaper === undefined) {
    const script = fileURLToPath(new URL("./reaper.mjs", import.meta.url));
    reaper = spawn(process.execPath, [script], { stdio: ["pipe", "ignore", "ignore"] });
    // It must not keep a finished test run from ending.
    reaper.unref();
    (reaper.stdin as net.Socket | null)?.unref();
    reaper.stdin?.on("error", () => {});
  }
  const { stdin } = reaper;
  stdin?.write(`+${server.pid}\n`);
  server.once("exit", () => stdin?.write(`-${server.pid}\n`));
}
