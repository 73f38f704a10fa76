import { readFile } from "node:fs/promises";
import path from "node:path";
import { root } from "./root.mjs";

/** The demo project as a document that `POST /projects/demo/import` takes. */
export const DEMO_PROJECT = path.join(root, "scripts", "demo-project.json");

/**
 * Makes the demo project through the public administration API, as anybody would. Does nothing when there is any
 * project already. All or nothing as seen from outside: the project is filled by one import.
 *
 * @param {{ url: string, token: string }} server
 * @returns {Promise<{ clientKey: string, serverKey: string } | null>} keys of its production environment, shown this
 * once, or null when nothing was done
 */
export async function seed({ url, token }) {
  /** @type {(method: string, route: string, body?: unknown) => Promise<any>} */
  const call = async (method, route, body) => {
    const response = await fetch(`${url}/api/v1${route}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (response.ok) return response.json();
    throw new Error(`${method} ${route} answered ${response.status}: ${await response.text()}`);
  };
  const { projects } = await call("GET", "/projects");
  if (projects.length > 0) return null;
  const document = JSON.parse(await readFile(DEMO_PROJECT, "utf8"));
  await call("PUT", "/projects/demo", { name: "Demo shop", environments: Object.keys(document.environments) });
  await call("POST", "/projects/demo/import", document);
  const keys = "/projects/demo/environments/production/keys";
  const client = await call("POST", keys, { kind: "client", name: "Web shop" });
  const server = await call("POST", keys, { kind: "server", name: "Order service" });
  return { clientKey: client.key, serverKey: server.key };
}
