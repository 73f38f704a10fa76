import { randomUUID } from "node:crypto";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { watchParent } from "./child.mjs";
import { takeLock } from "./lock.mjs";
import { reexecute, requireNode20 } from "./pinned-node.mjs";
import { Interrupted, Problem, runMain } from "./problem.mjs";
import { seed as seedDemoProject } from "./seed.mjs";
import { setup } from "./setup.mjs";
import { makePrivate } from "./start/private-files.mjs";
import { isGroupAlive, startRuntime } from "./start/runtime.mjs";
import { readSecrets } from "./start/secrets.mjs";
import { readSettings, requireFreePort, requireWritable } from "./start/settings.mjs";
import { openWranglerLog } from "./start/wrangler-log.mjs";

// `npm start`: sets up, runs the Worker in workerd, and leaves nothing behind when it ends.
//   PORT         the port on 127.0.0.1 (8787)
//   STATE_DIR    where the Worker's state is kept (.wrangler/state); one start at a time
//   ADMIN_TOKEN  the admin token of this run; otherwise the one in .dev.vars, made when there is none
//   SEED=none    leaves a new state empty, without the demo project

/** A first start compiles the Worker and creates its databases: seconds, on a slow machine many of them. */
const READY_TIMEOUT_MS = 60_000;

/** How long the processes of a start that was killed are given to end, their keeper being about to kill them. */
const LEFTOVER_TIMEOUT_MS = 8000;

await runMain(async () => {
  requireNode20();
  const settings = readSettings(process.env);
  try {
    await setup();
    const code = await reexecute(fileURLToPath(import.meta.url));
    if (code !== undefined) return code;
  } catch (error) {
    if (error instanceof Interrupted) return 0;
    throw error;
  }

  const { port, stateDir } = settings;
  // For this process and all that it starts: what they write (databases with the sealing key, logs) is its owner's alone.
  process.umask(0o077);
  requireWritable(stateDir);
  makePrivate(stateDir);
  const lock = takeLock(path.join(stateDir, "start.lock"), { port });
  if (!lock.taken) {
    throw new Problem(
      `The state folder ${stateDir} is in use by another start (process ${lock.holder.pid}, port ${lock.holder.port}); stop that one or name another folder with STATE_DIR.`,
    );
  }
  try {
    await waitForLeftovers(lock.previous?.group);
    await requireFreePort(port);
    return await run(settings, lock);
  } finally {
    lock.release();
  }
});

/**
 * @param {ReturnType<typeof readSettings>} settings
 * @param {{ note: (more: { group: number }) => void }} lock
 * @returns {Promise<number>} the exit code
 */
async function run({ port, stateDir, adminToken: given, seed, vars }, lock) {
  const url = `http://127.0.0.1:${port}`;
  const { secrets, adminToken, made } = readSecrets(given);
  const nonce = randomUUID();

  /** @type {Promise<"asked">} */
  const asked = new Promise((resolve) => {
    process.on("SIGTERM", () => resolve("asked"));
    process.on("SIGINT", () => resolve("asked"));
    process.on("SIGHUP", () => resolve("asked"));
    watchParent(() => resolve("asked"));
  });

  const logFile = path.join(stateDir, "wrangler.log");
  const log = openWranglerLog(logFile, (line) => console.error(line));
  const runtime = startRuntime({ port, stateDir, vars: { ...secrets, ...vars, START_NONCE: nonce } });
  lock.note({ group: runtime.group });
  for (const output of runtime.outputs) log.read(output);
  const died = runtime.exited.then(() => /** @type {const} */ ("died"));

  try {
    const starting = start();
    const first = await Promise.race([asked, died, starting]);
    const end = first === "ready" ? await Promise.race([asked, died]) : first;
    if (end === "asked") return 0;
    // Its last words may still be on their way through the pipe.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const tail = log.tail(20);
    throw new Problem(
      end === "died"
        ? `${tail}\nThe Worker's runtime stopped by itself; its last words are above, all of them in ${logFile}.`
        : `${tail}\nThe Worker was not ready on ${url} after ${READY_TIMEOUT_MS / 1000} s; its log is ${logFile}.`,
    );
  } finally {
    await runtime.stop();
  }

  /** @returns {Promise<"ready" | "late">} */
  async function start() {
    if (!(await becomesReady(url, nonce))) return "late";
    const demo = seed ? await seedDemo(url, adminToken) : [];
    const code = await createSignInCode(url, adminToken);
    const lines = [`ready ${url}`, `sign in ${url}/#/sign-in${code ? `?code=${code}` : ""}`];
    if (made) lines.push(`admin token ${adminToken} (made for this first start, kept in .dev.vars)`);
    console.log([...lines, ...demo].join("\n"));
    return "ready";
  }
}

/**
 * A start that was killed leaves its group to its keeper, which needs a moment; two runtimes must not share a state.
 *
 * @param {number | undefined} group
 */
async function waitForLeftovers(group) {
  const deadline = Date.now() + LEFTOVER_TIMEOUT_MS;
  while (group !== undefined && isGroupAlive(group)) {
    if (Date.now() > deadline) {
      throw new Problem(
        `Processes of an earlier start that was killed still use this state; end them first with: kill -KILL -- -${group}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/**
 * Waits for the Worker of this very start: an orphan of another one may well answer on the port, but not with our nonce.
 *
 * @param {string} url
 * @param {string} nonce
 */
async function becomesReady(url, nonce) {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < deadline) {
    try {
      const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(5000) });
      const health = /** @type {{ nonce?: string }} */ (await response.json());
      if (health.nonce === nonce) return true;
    } catch {
      // Not listening yet, or not yet with an answer.
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

/**
 * @param {string} url
 * @param {string} token
 * @returns {Promise<string[]>} lines to print: the demo project's keys, which are shown this once
 */
async function seedDemo(url, token) {
  try {
    const keys = await seedDemoProject({ url, token });
    if (!keys) return [];
    return [
      "The demo project is ready. Keys of its production environment, shown this once:",
      `  client key ${keys.clientKey}`,
      `  server key ${keys.serverKey}`,
    ];
  } catch (error) {
    // The Worker itself runs well: better without a demo than not at all.
    console.error(`The demo project could not be created: ${error instanceof Error ? error.message : error}`);
    return [];
  }
}

/**
 * @param {string} url
 * @param {string} token
 * @returns {Promise<string | undefined>}
 */
async function createSignInCode(url, token) {
  try {
    const response = await fetch(`${url}/api/v1/session/links`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(5000),
    });
    if (response.status !== 201) return undefined;
    const { code } = /** @type {{ code: string }} */ (await response.json());
    return encodeURIComponent(code);
  } catch {
    return undefined;
  }
}
