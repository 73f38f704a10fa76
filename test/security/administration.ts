import type { Server } from "../process/server.ts";

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers of many routes, read by name
  json: any;
}

interface Options {
  token?: string | undefined;
  cookie?: string | undefined;
  body?: unknown;
  /** The address that the request seems to come from; local workerd believes it. */
  from?: string | undefined;
}

/** A request to the administration with exactly these credentials. */
export async function call(
  server: Server,
  method: string,
  path: string,
  { token, cookie, body, from }: Options = {},
): Promise<Answer> {
  const headers: Record<string, string> = {};
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  if (cookie !== undefined) Object.assign(headers, { cookie, origin: server.url });
  if (body !== undefined) headers["content-type"] = "application/json";
  if (from !== undefined) headers["cf-connecting-ip"] = from;
  const response = await fetch(path.startsWith("/api/") ? server.url + path : `${server.url}/api/v1${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, json: text.startsWith("{") ? JSON.parse(text) : null };
}

/** A request as administrator that has to succeed. */
export async function must(server: Server, method: string, path: string, body?: unknown): Promise<Answer["json"]> {
  const answer = await call(server, method, path, { token: server.adminToken, body });
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.json)}`);
  return answer.json;
}

export const newToken = (server: Server, role: string, project?: string): Promise<{ id: string; token: string }> =>
  must(server, "POST", "/tokens", { name: `a ${role}`, role, ...(project === undefined ? {} : { project }) });

/** Signs a browser in; its cookie, or null when it was refused. */
export async function signIn(server: Server, proof: { token: string } | { code: string }): Promise<string | null> {
  const answer = await call(server, "POST", "/session", { body: proof });
  return answer.status === 200 ? ((answer.headers.get("set-cookie") ?? "").split(";")[0] ?? null) : null;
}

/** Whether a cookie is signed in. */
export async function isSignedIn(server: Server, cookie: string | null): Promise<boolean> {
  return cookie !== null && (await call(server, "GET", "/session", { cookie })).status === 200;
}

/** A sign-in link's code, made with a token or in a session. */
export async function newLink(server: Server, by: { token?: string; cookie?: string }): Promise<string> {
  const answer = await call(server, "POST", "/session/links", by);
  if (answer.status !== 201) throw new Error(`no link: ${answer.status} ${JSON.stringify(answer.json)}`);
  return answer.json.code;
}
