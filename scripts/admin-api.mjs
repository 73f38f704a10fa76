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
  const send = sender();
  return (method, route, body) => send(method, route, body === undefined ? undefined : JSON.stringify(body));
}

/**
 * Sends a body as it is: another vendor's file, say.
 *
 * @param {string} method
 * @param {string} route
 * @param {string} body
 * @param {string} type its content type
 * @returns {Promise<any>}
 */
export const adminSend = (method, route, body, type) => sender()(method, route, body, type);

/** @returns {(method: string, route: string, body?: string, type?: string) => Promise<any>} */
function sender() {
  const url = process.env.BLASTDOOR_URL ?? "http://127.0.0.1:8787";
  const devVars = path.join(root, ".dev.vars");
  const kept = existsSync(devVars) ? util.parseEnv(readFileSync(devVars, "utf8")) : {};
  const token = process.env.ADMIN_TOKEN ?? kept.ADMIN_TOKEN;
  if (!token) throw new Problem("Set ADMIN_TOKEN: there is none in the environment, nor in .dev.vars.");
  return async (method, route, body, type = "application/json") => {
    const response = await fetch(`${url}/api/v1${route}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, "Content-Type": type },
      ...(body === undefined ? {} : { body }),
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
