import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import util from "node:util";
import { Problem } from "./problem.mjs";
import { root } from "./root.mjs";

/**
 * The administration API for scripts: at BLASTDOOR_URL (http://127.0.0.1:8787), with ADMIN_TOKEN from the environment or
 * `.dev.vars`.
 *
 * @returns {(method: string, route: string, body?: unknown) => Promise<any>}
 * @throws {Problem} when there is no token, no server, or the server refuses
 */
export function adminApi() {
  const url = process.env.BLASTDOOR_URL ?? "http://127.0.0.1:8787";
  const devVars = path.join(root, ".dev.vars");
  const kept = existsSync(devVars) ? util.parseEnv(readFileSync(devVars, "utf8")) : {};
  const token = process.env.ADMIN_TOKEN ?? kept.ADMIN_TOKEN;
  if (!token) throw new Problem("Set ADMIN_TOKEN: there is none in the environment, nor in .dev.vars.");
  return async (method, route, body) => {
    const response = await fetch(`${url}/api/v1${route}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch(() => {
      throw new Problem(`Nothing answers at ${url}; set BLASTDOOR_URL to where Blastdoor runs.`);
    });
    if (response.ok) return response.json();
    /** @type {any} */
    const problem = await response.json().catch(() => ({}));
    const fields = (problem.errors ?? [])
      .map((/** @type {any} */ error) => ` ${error.field}: ${error.message}.`)
      .join("");
    throw new Problem(
      `${problem.title ?? `The server answered ${response.status}`}.${problem.detail ? ` ${problem.detail}` : ""}${problem.hint ? ` ${problem.hint}` : ""}${fields}`,
    );
  };
}
