import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { root } from "../root.mjs";
import { writeEnvFile } from "./secrets.mjs";

const keeper = path.join(root, "scripts", "start", "keeper.mjs");
const worker = path.join(root, "scripts", "start", "worker.mjs");

/** After SIGTERM; then the group is killed. */
const GRACE_MS = 3000;

/**
 * Runs wrangler and workerd in a process group of their own.
 *
 * @param {{ port: number, stateDir: string, vars: Record<string, string> }} options
 */
export function startRuntime({ port, stateDir, vars }) {
  const envFile = path.join(stateDir, "run.env");
  writeEnvFile(envFile, vars);
  // workerd's temporary databases; after SIGKILL nobody else would remove them.
  const temporary = path.join(stateDir, "tmp");
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary);
  // wrangler adds a file at each start and never removes one.
  const logs = path.join(stateDir, "wrangler-logs");
  rmSync(logs, { recursive: true, force: true });
  const child = spawn(process.execPath, [keeper, worker, String(port), stateDir, envFile], {
    cwd: root,
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: {
      // A line per request costs time and disk; warnings and errors are enough.
      WRANGLER_LOG: "warn",
      // wrangler is 15 MB of JavaScript: read as compiled, a start is half a second shorter.
      NODE_COMPILE_CACHE: path.join(root, "node_modules", ".cache", "node-compile"),
      ...withoutSecrets(process.env),
      ...offline,
      // wrangler's own files stay with this state, apart from other instances and from anybody's account; the home
      // folder need not be writable.
      TMPDIR: temporary,
      WRANGLER_LOG_PATH: logs,
      XDG_CONFIG_HOME: path.join(stateDir, "config"),
      WRANGLER_REGISTRY_PATH: path.join(stateDir, "registry"),
    },
  });
  const group = /** @type {number} */ (child.pid);
  /** @type {Promise<void>} */
  const exited = new Promise((resolve) => {
    child.on("exit", () => resolve());
    child.on("error", () => resolve());
  });

  return {
    outputs: [child.stdout, child.stderr].filter((output) => output !== null),
    group,
    /** Resolves when the runtime has ended, for any reason. */
    exited,
    /** Ends every process of the group and resolves when none is left. */
    async stop() {
      signalGroup(group, "SIGTERM");
      const deadline = Date.now() + GRACE_MS;
      while (isGroupAlive(group)) {
        if (Date.now() > deadline) signalGroup(group, "SIGKILL");
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      rmSync(envFile, { force: true });
      rmSync(temporary, { recursive: true, force: true });
    },
  };
}

const offline = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  // Both would be served or written without our authentication: a browser for the stored data, a trace of each request.
  X_LOCAL_EXPLORER: "false",
  X_LOCAL_OBSERVABILITY: "false",
};

/** @param {NodeJS.ProcessEnv} env */
function withoutSecrets(env) {
  const { ADMIN_TOKEN: _, ...rest } = env;
  return rest;
}

/**
 * @param {number} group
 * @param {NodeJS.Signals} signal
 */
function signalGroup(group, signal) {
  try {
    process.kill(-group, signal);
  } catch {
    // Nobody is left to hear it.
  }
}

/**
 * Whether any process of a group still runs. Zombies do not: where nobody collects orphans (a container without init)
 * they would be counted for ever.
 *
 * @param {number} group
 */
export function isGroupAlive(group) {
  try {
    process.kill(-group, 0);
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
  if (!existsSync("/proc/self/stat")) return true;
  return readdirSync("/proc").some((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const [state, , processGroup] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return Number(processGroup) === group && state !== "Z";
    } catch {
      return false;
    }
  });
}
