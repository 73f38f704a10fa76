import { accessSync, constants, mkdirSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { Problem } from "../problem.mjs";
import { root } from "../root.mjs";

/**
 * What the environment asks of a start.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ port: number, stateDir: string, adminToken: string | undefined, seed: boolean, vars: Record<string, string> }}
 */
export function readSettings(env) {
  const port = env.PORT ? Number(env.PORT) : 8787;
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new Problem(`PORT must be a whole number from 1 to 65535, not "${env.PORT}".`);
  }
  if (env.BASE_PATH && !/^\/?[\w.~-]+(?:\/[\w.~-]+)*\/?$/.test(env.BASE_PATH)) {
    throw new Problem(`BASE_PATH must be a path such as /flags, not "${env.BASE_PATH}".`);
  }
  return {
    port,
    stateDir: path.resolve(root, env.STATE_DIR || path.join(".wrangler", "state")),
    adminToken: env.ADMIN_TOKEN || undefined,
    seed: env.SEED !== "none",
    vars: {
      // The demo page of the tests exists on one's own machine only.
      DEMO: "on",
      // Tests receive webhooks.
      // METRICS_TOKEN opens GET /metrics, BREAK_GLASS_SECRET the break-glass route.
      ...Object.fromEntries(
        [
          "BASE_PATH",
          "BREAK_GLASS_SECRET",
          "KEY_CHECKSUM_SECRET",
          "METRICS_TOKEN",
          "PLAN",
          "WEBHOOK_LOCAL_TARGETS",
        ].flatMap((name) => (env[name] ? [[name, env[name]]] : [])),
      ),
    },
  };
}

/** @param {string} stateDir */
export function requireWritable(stateDir) {
  const probe = path.join(stateDir, `.writable-${process.pid}`);
  try {
    mkdirSync(stateDir, { recursive: true });
    accessSync(stateDir, constants.R_OK | constants.X_OK);
    writeFileSync(probe, "");
    rmSync(probe);
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    throw new Problem(
      `The state folder ${stateDir} cannot be written to (${code}); make it writable or name another one with STATE_DIR.`,
    );
  }
}

/**
 * Asked before wrangler is started, since wrangler would only say so in many lines of its own, after seconds.
 *
 * @param {number} port
 */
export async function requireFreePort(port) {
  /** @type {NodeJS.ErrnoException | undefined} */
  const error = await new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", resolve);
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(undefined)));
  });
  if (error?.code === "EADDRINUSE") {
    throw new Problem(`Port ${port} is already in use; stop what listens there or choose another port with PORT.`);
  }
  if (error) throw new Problem(`Port ${port} cannot be listened on (${error.code}); choose another port with PORT.`);
}
