import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { bundle, COMPATIBILITY_DATE, objects, runningHere } from "../../test/propagation/fleet.ts";
import { mixedFlags, ourSnapshot } from "../workloads.ts";

/*
 * Our whole Worker, twice, as a deployment has it: one workerd holds the objects (FlagStore, guard, telemetry shards) on
 * disk, another one is an edge that evaluates and takes events. Sockets lead to the Workers themselves. The edge reaches
 * objects by HTTP between the two workerds: miniflare's registry would put a proxy in JavaScript on the edge's own
 * thread, which costs as much as the edge itself.
 */

export const TOPOLOGY =
  "two workerd processes: an edge (evaluations and events, one thread), and a store (FlagStore, guard and all 4 telemetry shards, one thread together), joined by HTTP on loopback; load comes from two more processes";
export const FLAG = "checkout-v2";
const ADMIN_TOKEN = "bda_bench-of-events";

export interface Bench extends AsyncDisposable {
  port: number;
  server: string;
  client: string;
  admin<T>(method: string, route: string, body?: unknown): Promise<T>;
  pids: { edge: number; store: number };
}

export async function startBench(): Promise<Bench> {
  const folder = mkdtempSync(path.join(tmpdir(), "blastdoor-events-"));
  const instances: Miniflare[] = [];
  const contents = bundle("worker/testing/split-worker.ts");
  const start = async (name: string, options: object): Promise<{ port: number; pid: number }> => {
    const others = new Set(runningHere());
    const instance = new Miniflare(
      convertV4MiniflareOptions({
        name,
        modules: [{ type: "ESModule", path: "index.js", contents }],
        compatibilityDate: COMPATIBILITY_DATE,
        compatibilityFlags: ["nodejs_compat"],
        bindings: { ADMIN_TOKEN, EVENT_STREAMS: "on" },
        unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
        cf: false,
        ...options,
      } as never),
    );
    instances.push(instance);
    await instance.ready;
    const [pid] = runningHere().filter((one) => !others.has(one));
    if (pid === undefined) throw new Error(`${name} does not run`);
    return { port: Number((await instance.unsafeGetDirectURL(name)).port), pid };
  };
  const store = await start("store", {
    kvNamespaces: ["SNAPSHOTS"],
    durableObjects: objects(),
    resourcePersistencePath: path.join(folder, "store"),
  });
  const edge = await start("edge", {
    serviceBindings: { STORE: { external: { address: `127.0.0.1:${store.port}`, http: {} } } },
  });
  const admin: Bench["admin"] = async <T>(method: string, route: string, body?: unknown): Promise<T> => {
    const response = await fetch(`http://127.0.0.1:${store.port}/api/v1/projects/bench${route}`, {
      method,
      headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  return {
    port: edge.port,
    ...(await seed(admin)),
    admin,
    pids: { edge: edge.pid, store: store.pid },
    [Symbol.asyncDispose]: async () => {
      for (const instance of instances.reverse()) await instance.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
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
