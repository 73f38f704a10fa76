import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { mixedFlags, ourSnapshot } from "../workloads.ts";

/*
 * Our whole Worker, bundled by wrangler as it is deployed, in a workerd of its own with its objects on disk; its socket
 * leads to the Worker itself. One isolate, one thread: edge, store and telemetry shards share it, which no deployment
 * does to them.
 */

const root = path.resolve(import.meta.dirname, "..", "..");
const ADMIN_TOKEN = "bda_bench-of-events";
export const FLAG = "checkout-v2";

export interface Bench extends AsyncDisposable {
  port: number;
  server: string;
  client: string;
  admin<T>(method: string, route: string, body?: unknown): Promise<T>;
}

export async function startBench(): Promise<Bench> {
  const folder = mkdtempSync(path.join(tmpdir(), "blastdoor-events-"));
  const wrangler = path.join(root, "node_modules/wrangler/bin/wrangler.js");
  const config = path.join(root, "wrangler.toml");
  execFileSync(process.execPath, [wrangler, "deploy", "--config", config, "--dry-run", "--outdir", folder], {
    env: {
      ...process.env,
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_HIDE_BANNER: "true",
      WRANGLER_LOG: "error",
      WRANGLER_LOG_PATH: folder,
      XDG_CONFIG_HOME: folder,
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const worker = new Miniflare(
    convertV4MiniflareOptions({
      name: "blastdoor",
      modules: [{ type: "ESModule", path: "index.js", contents: readFileSync(path.join(folder, "index.js"), "utf8") }],
      compatibilityDate: "2026-11-01",
      compatibilityFlags: ["nodejs_compat"],
      bindings: { ADMIN_TOKEN, EVENT_STREAMS: "on" },
      kvNamespaces: ["SNAPSHOTS"],
      durableObjects: durableObjects(readFileSync(config, "utf8")),
      durableObjectsPersist: path.join(folder, "objects"),
      unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
    }),
  );
  const port = Number((await worker.unsafeGetDirectURL("blastdoor")).port);
  const admin = async <T>(method: string, route: string, body?: unknown): Promise<T> => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/projects/bench${route}`, {
      method,
      headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  const keys = await seed(admin);
  return {
    port,
    ...keys,
    admin,
    [Symbol.asyncDispose]: async () => {
      await worker.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Every class that wrangler.toml binds, so that the bench runs whatever the Worker has become. */
function durableObjects(toml: string): Record<string, { className: string; useSQLite: true }> {
  const bound = [...toml.matchAll(/\[\[durable_objects\.bindings\]\]\s*name = "(\w+)"\s*class_name = "(\w+)"/g)];
  return Object.fromEntries(
    bound.map(([, name, className]) => [name, { className: className as string, useSQLite: true }]),
  );
}

/** A hundred flags to evaluate, and one in the first stage of a plan with every kind of guard. */
async function seed(admin: Bench["admin"]): Promise<{ server: string; client: string }> {
  await admin("PUT", "", { name: "Bench", environments: ["production"] });
  const flags: Record<string, object> = {};
  const production: Record<string, object> = {};
  for (const [key, { state, variants, offVariant, visibility }] of Object.entries(ourSnapshot(mixedFlags(100)).flags)) {
    flags[key] = { type: "boolean", purpose: "release", variants, offVariant, visibility };
    production[key] = state;
  }
  const environments = { production: { name: "Production" } };
  await admin("POST", "/import", {
    format: "blastdoor-export-1",
    project: "bench",
    environments,
    flags,
    states: { production },
  });
  await admin("PUT", `/flags/${FLAG}`, { type: "boolean", variants: { on: true, off: false }, offVariant: "off" });
  const flag = `/environments/production/flags/${FLAG}`;
  await admin("PUT", flag, { enabled: true, fallthrough: { variant: "off" } });
  await admin("PUT", `${flag}/plan`, {
    variant: "on",
    baseline: "off",
    windowSeconds: 600,
    stages: [
      {
        audience: { share: 30_000 },
        minimumSeconds: 86_400,
        guards: [
          { kind: "error", name: "errors", event: "checkout" },
          { kind: "slow", name: "slow", event: "checkout" },
          { kind: "missing", name: "silent", afterSeconds: 60 },
          { kind: "conversion", name: "orders" },
        ],
      },
    ],
  });
  await admin("POST", `${flag}/plan/start`, {});
  const keyOf = async (kind: string) =>
    (await admin<{ key: string }>("POST", "/environments/production/keys", { kind, name: kind })).key;
  return { server: await keyOf("server"), client: await keyOf("client") };
}
