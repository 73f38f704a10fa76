import { readFileSync } from "node:fs";
import path from "node:path";
import type { BuildOptions } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, expect, test } from "vitest";
import { unstable_readConfig } from "wrangler";
import { root } from "../process/server.ts";
import { bundle, COMPATIBILITY_DATE, objects } from "../propagation/fleet.ts";
import { built } from "./build.ts";
import { GREETING, makeShop, PRODUCTION } from "./shop.ts";

// The Worker in examples/worker beside Blastdoor, bound as its wrangler.toml says, with Flagship's provider as published.

const ADMIN_TOKEN = "bda_example-tests";
let account: Miniflare;
let worker: Awaited<ReturnType<Miniflare["getWorker"]>>;
let blastdoor: Awaited<ReturnType<Miniflare["getWorker"]>>;

async function admin(method: string, route: string, body?: unknown): Promise<unknown> {
  const response = await blastdoor.fetch(`http://blastdoor/api/v1${route}`, {
    method,
    headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
  return response.status === 204 ? null : response.json();
}

beforeAll(async () => {
  const { services } = unstable_readConfig({ config: path.join(root, "examples", "worker", "wrangler.toml") });
  const [bound] = services ?? [];
  if (!bound) throw new Error("examples/worker/wrangler.toml binds nothing");
  const shared = { compatibilityDate: COMPATIBILITY_DATE, compatibilityFlags: ["nodejs_compat"] };
  const script = (contents: string) => [{ type: "ESModule" as const, path: "index.js", contents }];
  // As wrangler bundles: Node's modules are workerd's.
  const bundling: BuildOptions = {
    platform: "browser",
    conditions: ["workerd"],
    external: ["cloudflare:*", "node:*"],
    alias: { async_hooks: "node:async_hooks", events: "node:events" },
  };
  const { binding, service, entrypoint, props } = bound as typeof bound & { props?: Record<string, unknown> };
  account = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      workers: [
        {
          ...shared,
          name: "shop",
          modules: script(await built("worker/index.ts", bundling)),
          serviceBindings: {
            [binding]: { name: service, entrypoint, props },
          },
        },
        {
          ...shared,
          name: "blastdoor",
          modules: script(bundle("worker/index.ts")),
          bindings: { ADMIN_TOKEN },
          durableObjects: objects(),
          kvNamespaces: { SNAPSHOTS: "snapshots" },
        },
      ],
    } as never),
  );
  await account.ready;
  worker = await account.getWorker("shop");
  blastdoor = await account.getWorker("blastdoor");
  await makeShop(admin);
});
afterAll(async () => {
  await account?.dispose();
});

// biome-ignore lint/suspicious/noExplicitAny: answers of the example, read by name
const ask = async (path: string, headers: Record<string, string> = {}): Promise<any> =>
  (await worker.fetch(`http://shop${path}`, { headers })).json();
const GOLD = "visitor=u1&plan=gold";

test("worker: asks the binding directly, one flag and all", async () => {
  await expect.poll(() => ask(`/?${GOLD}`)).toMatchObject({ isNew: true });
  expect(await ask(`/?${GOLD}`)).toEqual({
    isNew: true,
    greeting: { flagKey: "greeting", value: GREETING, variant: "sale", reason: expect.any(String) },
  });
  expect(await ask("/?plan=free")).toMatchObject({ isNew: false });
  expect((await ask(`/all?${GOLD}`)).flags["new-checkout"]).toMatchObject({ value: true, variant: "on" });
});

test("worker: Flagship's own provider works with it unchanged", async () => {
  await expect.poll(() => ask(`/openfeature?${GOLD}`)).toMatchObject({ isNew: { value: true, variant: "on" } });
  const { isNew, greeting, unknown, mistaken } = await ask(`/openfeature?${GOLD}`);
  expect(isNew).toMatchObject({ value: true, variant: "on", reason: "TARGETING_MATCH" });
  expect(greeting).toMatchObject({ value: GREETING, variant: "sale" });
  expect(unknown).toMatchObject({ value: true, reason: "ERROR", errorCode: "FLAG_NOT_FOUND" });
  expect(mistaken).toMatchObject({ value: 7, reason: "ERROR", errorCode: "TYPE_MISMATCH" });
});

test("worker: a kill and a flag that is off serve their variant through that provider, not the caller's default", async () => {
  // `greeting` is "Welcome" when off, and the example's default is the same: so it gets an off variant of its own.
  await admin("PATCH", "/projects/shop/flags/greeting", { variants: { dark: "Closed" }, offVariant: "dark" });
  await admin("POST", `${PRODUCTION}/flags/greeting/kill`, {});
  const greeting = async () => (await ask(`/openfeature?${GOLD}`)).greeting;
  await expect.poll(greeting).toMatchObject({ value: "Closed", variant: "dark", reason: "STATIC" });
  await admin("POST", `${PRODUCTION}/flags/greeting/restore`, {});
  await admin("PATCH", `${PRODUCTION}/flags/greeting`, { enabled: false });
  await expect.poll(greeting).toMatchObject({ value: "Closed", variant: "dark", reason: "STATIC" });
});

test("worker: rules on the network see the visitor whose request the Worker has", async () => {
  const when = { attribute: "edge.device", op: "equals", values: ["mobile"] };
  await admin("PATCH", `${PRODUCTION}/flags/new-checkout`, {
    rules: [{ id: "phones", when, serve: { variant: "on" } }],
  });
  const isNew = async (agent: string) => (await ask("/openfeature", { "User-Agent": agent })).isNew.value;
  await expect.poll(() => isNew("Mozilla/5.0 (iPhone) Mobile")).toBe(true);
  expect(await isNew("Mozilla/5.0 (X11; Linux)")).toBe(false);
});

test("the package's README names the binding as the example has it", () => {
  const readme = readFileSync(path.join(root, "client", "workers", "README.md"), "utf8");
  expect(readme).toContain('entrypoint = "Flags", props = { project = "shop", environment = "production" }');
});
