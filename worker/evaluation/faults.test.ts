import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { app as App } from "../app.ts";
import type { Env } from "../env.ts";
import { env } from "../testing/bindings.ts";
import { done, fan, newShop } from "../testing/http.ts";

/*
 * The Worker as it runs, with switches at its bindings. Its modules are loaded anew, and with them its memory of flags:
 * the shops are made through the ordinary Worker beside it.
 */
let app: typeof App;
type Fault = "error" | "hang" | "null" | "corrupt" | null;
const faults: Record<"kv" | "store" | "directory", Fault> = { kv: null, store: null, directory: null };
const fired = { kv: 0, store: 0, directory: 0 };

async function strike<T>(where: keyof typeof faults, real: () => Promise<T>): Promise<T> {
  const fault = faults[where];
  if (fault === null) return real();
  fired[where]++;
  if (fault === "hang") return new Promise<never>(() => {});
  if (fault === "null" && where === "kv") return null as T;
  if (fault === "corrupt" && where === "kv") {
    const value = await real();
    return typeof value === "string" ? (value.slice(0, value.length / 2) as T) : value;
  }
  throw new Error(`${where}: injected`);
}

function struck(namespace: DurableObjectNamespace, where: "store" | "directory"): DurableObjectNamespace {
  return {
    idFromName: (name: string) => namespace.idFromName(name),
    get: (id: DurableObjectId) => ({
      fetch: (url: string, init: RequestInit) => strike(where, () => namespace.get(id).fetch(url, init as never)),
    }),
  } as unknown as DurableObjectNamespace;
}

const switched: Env = {
  ...env,
  SNAPSHOTS: {
    get: (key: string, options: object) => strike("kv", () => env.SNAPSHOTS.get(key, options as never)),
    put: (key: string, value: string) => strike("kv", () => env.SNAPSHOTS.put(key, value)),
    delete: (key: string) => strike("kv", () => env.SNAPSHOTS.delete(key)),
  } as unknown as KVNamespace,
  FLAG_STORE: struck(env.FLAG_STORE, "store"),
  DIRECTORY: struck(env.DIRECTORY, "directory"),
};

async function ask(path: string, init: RequestInit) {
  const context = createExecutionContext();
  const response = await app.fetch(new Request(`http://blastdoor.test${path}`, init), switched, context);
  const text = await response.text();
  if (!Object.values(faults).includes("hang")) await waitOnExecutionContext(context);
  return { status: response.status, text, json: text === "" ? null : JSON.parse(text), headers: response.headers };
}
const evaluate = (key: string, flag = "", headers = {}) =>
  ask(`/ofrep/v1/evaluate/flags${flag && `/${flag}`}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json", ...headers },
    body: JSON.stringify({ context: fan }),
  });
const administer = (method: string, path: string, body?: object) =>
  ask(`/api/v1${path}`, {
    method,
    headers: { Authorization: `Bearer ${env.ADMIN_TOKEN}`, "Content-Type": "application/json" },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
const break_ = (what: Partial<typeof faults>) => Object.assign(faults, what);

beforeAll(async () => {
  vi.resetModules();
  ({ app } = await import("../app.ts"));
  // Its edge is made with the bindings of its first request: these, with the switches.
  expect((await evaluate("bds_nobody_production_0000000000000000000000000000000000000000")).status).toBe(401);
});
beforeEach(() => {
  break_({ kv: null, store: null, directory: null });
  Object.assign(fired, { kv: 0, store: 0, directory: 0 });
});

describe.each(["error", "hang"] as const)("the store answers with %s", (fault) => {
  test("an isolate that knows the flags goes on serving them", async () => {
    const shop = await newShop();
    expect((await evaluate(shop.server, "public")).json.value).toBe("yes");
    break_({ store: fault });
    await scheduler.wait(1_100);
    for (let time = 0; time < 3; time++) expect((await evaluate(shop.server, "public")).json.value).toBe("yes");
    expect(fired.store).toBeGreaterThan(0);
  });

  test("one that knows nothing answers with code defaults: no value, no 5xx, no flags given away", async () => {
    const shop = await newShop();
    break_({ store: fault, kv: fault });
    const key = shop.server.replace(shop.project, "never-seen");
    const [single, bulk, known] = [
      await evaluate(key, "public"),
      await evaluate(key),
      await evaluate(key, "", { "If-None-Match": '"mine"' }),
    ];
    expect([single.status, single.json]).toEqual([200, { key: "public", reason: "UNKNOWN" }]);
    expect([bulk.status, bulk.json]).toEqual([200, { flags: [] }]);
    expect([known.status, known.headers.get("ETag")]).toEqual([304, '"mine"']);
    expect(fired.store).toBeGreaterThan(0);
  });
});

describe.each(["error", "null", "corrupt", "hang"] as const)("KV answers with %s", (fault) => {
  test("evaluations get changes from the store", async () => {
    const shop = await newShop();
    await evaluate(shop.server);
    await done("PATCH", `${shop.state}/public`, { enabled: false });
    break_({ kv: fault });
    let value = "yes";
    for (let time = 0; time < 8 && value === "yes"; time++) {
      await scheduler.wait(250);
      const answer = await evaluate(shop.server, "public");
      expect(answer.status).toBe(200);
      value = answer.json.value;
    }
    expect(value).toBe("no");
    expect(fired.kv).toBeGreaterThan(0);
  });
});

describe("administration fails closed, and says what to do", () => {
  test("without the store: 503 with Retry-After, asked twice with one id so that nothing happens twice", async () => {
    const shop = await newShop();
    break_({ store: "error" });
    for (const [method, path, body] of [
      ["GET", shop.at, undefined],
      ["POST", `${shop.state}/public/kill`, {}],
      ["PATCH", `${shop.state}/public`, { enabled: false }],
    ] as const) {
      const before = fired.store;
      const answer = await administer(method, path, body);
      expect([answer.status, answer.json.code, answer.headers.get("Retry-After")]).toEqual([
        503,
        "store-unavailable",
        "1",
      ]);
      expect(fired.store - before).toBe(method === "GET" ? 1 : 2);
    }
  });

  test("without the directory nobody but the administrator gets in, and nobody learns why", async () => {
    const shop = await newShop();
    break_({ directory: "error" });
    expect((await administer("GET", shop.at)).status).toBe(200);
    const headers = { Authorization: "Bearer bdt_0000000000000000000000000000000000000000" };
    const answer = await ask(`/api/v1${shop.at}`, { headers });
    expect([answer.status, answer.json.code]).toEqual([503, "store-unavailable"]);
    expect(answer.text).not.toContain("injected");
  });

  test("a reply lost after the commit: the write is there once, and its author hears of it", async () => {
    const shop = await newShop();
    const { revision } = await done("GET", shop.at);
    let lost = 0;
    const real = switched.FLAG_STORE;
    const losing = {
      idFromName: (name: string) => env.FLAG_STORE.idFromName(name),
      get: (id: DurableObjectId) => ({
        fetch: async (url: string, init: RequestInit) => {
          const response = await env.FLAG_STORE.get(id).fetch(url, init as never);
          if (!url.endsWith("/execute") || lost++ > 0) return response;
          await response.text();
          throw new Error("connection reset");
        },
      }),
    } as unknown as DurableObjectNamespace;
    Object.assign(switched, { FLAG_STORE: losing });
    const made = await administer("POST", `${shop.at}/environments/production/keys`, { kind: "server", name: "k" });
    Object.assign(switched, { FLAG_STORE: real });
    expect([made.status, lost]).toEqual([201, 2]);
    expect((await done("GET", shop.at)).revision).toBe(revision + 1);
    expect((await evaluate(made.json.key, "public")).json.value).toBe("yes");
  });

  test("an unexpected fault is a 500 that gives nothing away", async () => {
    const broken = { ...switched, FLAG_STORE: null } as unknown as Env;
    const headers = { Authorization: `Bearer ${env.ADMIN_TOKEN}` };
    const request = new Request("http://blastdoor.test/api/v1/projects/shop", { headers });
    const response = await app.fetch(request, broken, createExecutionContext());
    expect([response.status, await response.json()]).toEqual([
      500,
      { type: expect.any(String), title: "Something went wrong on our side", status: 500, code: "internal" },
    ]);
  });
});
