import { exports } from "cloudflare:workers";
import { env } from "./bindings.ts";
import { newName } from "./names.ts";

export const ORIGIN = "http://blastdoor.test";
/** The running Worker. */
const worker = (exports as unknown as { default: Fetcher }).default;

// biome-ignore lint/suspicious/noExplicitAny: answers of many routes, read by name
type Json = any;
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  json: Json;
}

export async function fetched(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await worker.fetch(url.startsWith("/") ? ORIGIN + url : url, init as never);
  const text = await response.text();
  let json: Json = null;
  try {
    json = JSON.parse(text);
  } catch {
    // Not every answer is JSON.
  }
  return { status: response.status, headers: response.headers as unknown as Headers, text, json };
}

/** A request to the administration, as the administrator unless told otherwise. */
export function api(
  method: string,
  path: string,
  body?: unknown,
  { token = env.ADMIN_TOKEN as string | null, headers = {} as Record<string, string> } = {},
): Promise<Answer> {
  return fetched(`/api/v1${path}`, {
    method,
    headers: {
      ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** One that has to succeed. */
export async function done(...request: Parameters<typeof api>): Promise<Json> {
  const answer = await api(...request);
  if (answer.status >= 300) throw new Error(`${request[0]} ${request[1]}: ${answer.status} ${answer.text}`);
  return answer.json;
}

export const newToken = async (role: string, project?: string): Promise<{ id: string; token: string }> =>
  done("POST", "/tokens", { name: `a ${role}`, role, ...(project ? { project } : {}) });

/** A project with one flag of each visibility, on for everybody by a rule, and a key of each kind. */
export async function newShop() {
  const project = newName();
  const at = `/projects/${project}`;
  await done("PUT", at, { environments: ["staging", "production"] });
  for (const visibility of ["public", "targeted", "server-only"] as const) {
    const definition = { type: "string", variants: { on: "yes", off: "no" }, offVariant: "off", visibility };
    await done("PUT", `${at}/flags/${visibility}`, { ...definition, description: `the ${visibility} plan` });
    await done("PUT", `${at}/environments/production/flags/${visibility}`, {
      enabled: true,
      rules: [{ id: "fans", when: { attribute: "plan", op: "equals", values: ["fan"] }, serve: { variant: "on" } }],
      fallthrough: { variant: "off" },
    });
  }
  const key = async (kind: "client" | "server", environment = "production", origins?: string[]) =>
    (
      await done("POST", `${at}/environments/${environment}/keys`, {
        kind,
        name: kind,
        ...(origins ? { origins } : {}),
      })
    ).key as string;
  return {
    project,
    at,
    state: `${at}/environments/production/flags`,
    key,
    client: await key("client"),
    server: await key("server"),
  };
}

const BULK = "/ofrep/v1/evaluate/flags";

/** An evaluation, single when a flag is named. */
export function evaluate(
  key: string | null,
  { flag = "", context = {} as unknown, headers = {} as Record<string, string>, query = "" } = {},
): Promise<Answer> {
  return fetched(`${BULK}${flag && `/${flag}`}${query}`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      ...(key === null ? {} : { Authorization: `Bearer ${key}` }),
      ...headers,
    },
    body: JSON.stringify({ context }),
  });
}

export const fan = { targetingKey: "u1", plan: "fan" };
