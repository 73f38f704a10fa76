import type { Server } from "../process/server.ts";

/** The demo project of a running server, as tests use it. */
export interface Demo {
  /** A request below /projects/demo that must succeed. */
  admin(method: string, route: string, body?: unknown): Promise<unknown>;
  /** PATCH of a flag's state in production. */
  patch(flag: string, patch: unknown): Promise<unknown>;
  /** POST below a flag in production: `post("new-checkout/kill", {})`. */
  post(route: string, body: unknown): Promise<unknown>;
  newKey(kind: "client" | "server", origins?: string[]): Promise<{ id: string; key: string }>;
  key(kind: "client" | "server", origins?: string[]): Promise<string>;
}

export async function demo(server: Server): Promise<Demo> {
  const production = "/environments/production";
  const admin: Demo["admin"] = async (method, route, body) => {
    const response = await server.admin(`/projects/demo${route}`, body === undefined ? { method } : { method, body });
    if (!response.ok) throw new Error(`${method} ${route} answered ${response.status}: ${await response.text()}`);
    return response.status === 204 ? null : response.json();
  };
  const newKey: Demo["newKey"] = async (kind, origins) =>
    (await admin("POST", `${production}/keys`, { kind, name: "test", ...(origins ? { origins } : {}) })) as {
      id: string;
      key: string;
    };
  return {
    admin,
    patch: (flag, patch) => admin("PATCH", `${production}/flags/${flag}`, patch),
    post: (route, body) => admin("POST", `${production}/flags/${route}`, body),
    newKey,
    key: async (kind, origins) => (await newKey(kind, origins)).key,
  };
}
