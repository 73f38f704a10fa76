import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { unstable_readConfig } from "wrangler";
import type { Faults, FaultsSeen } from "../../worker/testing/faults.ts";
import { CHANGE_MS, PATIENCE_MS, SLACK_MS } from "../promises.ts";

/**
 * Several isolates of the whole Worker on one store. A centre is a workerd of its own: its isolates have their own
 * memory and share a Cache API, as a data centre does. Sockets lead to the Workers themselves, with no proxy between.
 */
export interface CentreOptions {
  colo: string;
  /** Where it lies, as "EU": then it has a relay. */
  continent?: string;
  isolates: number;
  /** Added to each call of the store (ms). */
  storeMs?: number;
  /** Variables and secrets of these isolates, over the fleet's. */
  bindings?: Record<string, unknown>;
}

export interface FleetOptions {
  centres: CentreOptions[];
  /** Variables and secrets of every isolate. */
  bindings?: Record<string, unknown>;
  /** Keeps what the store knows, for a later fleet. */
  stateDir?: string;
}

export interface Isolate {
  name: string;
  colo: string;
  url: URL;
  /** Sets this isolate's faults, and its counters to zero. */
  fault(faults: Faults): Promise<void>;
  observed(): Promise<FaultsSeen>;
}

export interface Fleet extends AsyncDisposable {
  isolates: Isolate[];
  /** SIGKILL to everything of it that runs: nobody can say good-bye. */
  kill(): void;
  /** Throws a project's store out of memory, in the middle of whatever it does, as Cloudflare may at any time. */
  evict(project: string): Promise<void>;
  /** The isolate in which the store lives; administration goes through it, so no other one learns of a write by it. */
  store: Isolate;
  /** A request below /api/v1 that must succeed. */
  admin<T>(method: string, route: string, body?: unknown): Promise<T>;
}

export const ADMIN_TOKEN = "bda_propagation-tests";
export const BREAK_GLASS_SECRET = "break-glass-secret-of-the-propagation-tests";

const root = path.resolve(import.meta.dirname, "..", "..");
export const COMPATIBILITY_DATE = "2026-11-01";
/** As in wrangler.toml. */
const COMPATIBILITY_FLAGS = ["nodejs_compat", "global_fetch_strictly_public"];
/** Every object that wrangler.toml binds, of this script or of another one. */
export function objects(scriptName?: string) {
  const { durable_objects } = unstable_readConfig({ config: path.join(root, "wrangler.toml") });
  return Object.fromEntries(
    durable_objects.bindings.map(({ name, class_name }: { name: string; class_name: string }) => [
      name,
      { className: class_name, useSQLite: true, ...(scriptName && { scriptName }) },
    ]),
  );
}

const bundled = new Map<string, string>();

/**
 * Bundled by wrangler, as for a deployment; once for each process, under `npm test` once for each run.
 *
 * @param main the Worker's file, relative to the repository
 */
export function bundle(main: string): string {
  let contents = bundled.get(main);
  if (contents !== undefined) return contents;
  const folder = process.env.BLASTDOOR_TEST_FOLDER;
  const shared = folder === undefined ? null : path.join(folder, `${main.replaceAll("/", "-")}.js`);
  if (shared !== null && existsSync(shared)) contents = readFileSync(shared, "utf8");
  else {
    contents = bundleAnew(main);
    if (shared !== null) {
      // Whole or not at all: others may be looking.
      writeFileSync(`${shared}.${process.pid}`, contents);
      renameSync(`${shared}.${process.pid}`, shared);
    }
  }
  bundled.set(main, contents);
  return contents;
}

function bundleAnew(main: string): string {
  const into = mkdtempSync(path.join(tmpdir(), "blastdoor-bundle-"));
  try {
    const config = path.join(into, "wrangler.json");
    const text = {
      name: "bundle",
      main: path.join(root, main),
      compatibility_date: COMPATIBILITY_DATE,
      compatibility_flags: COMPATIBILITY_FLAGS,
      // As in wrangler.toml, whose reason it is.
      keep_names: false,
    };
    writeFileSync(config, JSON.stringify(text));
    const wrangler = path.join(root, "node_modules", "wrangler", "bin", "wrangler.js");
    execFileSync(process.execPath, [wrangler, "deploy", "--config", config, "--dry-run", "--outdir", into], {
      env: {
        ...process.env,
        WRANGLER_SEND_METRICS: "false",
        WRANGLER_SEND_ERROR_REPORTS: "false",
        WRANGLER_HIDE_BANNER: "true",
        WRANGLER_LOG: "error",
        WRANGLER_LOG_PATH: into,
        XDG_CONFIG_HOME: into,
      },
      stdio: ["ignore", "ignore", "inherit"],
    });
    return readFileSync(path.join(into, `${path.basename(main, ".ts")}.js`), "utf8");
  } finally {
    rmSync(into, { recursive: true, force: true });
  }
}

export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const folder = mkdtempSync(path.join(tmpdir(), "blastdoor-fleet-"));
  const contents = bundle("worker/testing/faulty-worker.ts");
  const shared = {
    modules: [{ type: "ESModule" as const, path: "index.js", contents }],
    compatibilityDate: COMPATIBILITY_DATE,
    compatibilityFlags: COMPATIBILITY_FLAGS,
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  };
  const variables = { ADMIN_TOKEN, BREAK_GLASS_SECRET, ...options.bindings };
  const instances: Miniflare[] = [];
  const running: number[] = [];
  const isolates: Isolate[] = [];
  let store: Isolate | undefined;
  for (const [index, { colo, continent, isolates: many, storeMs, bindings }] of options.centres.entries()) {
    const first = index === 0;
    const edges = Array.from({ length: many }, (_, number) => ({
      ...shared,
      name: `edge-${colo.toLowerCase()}-${number + 1}`,
      bindings: {
        ...variables,
        ...bindings,
        COLO: colo,
        ...(continent ? { CONTINENT: continent } : {}),
        ...(storeMs ? { STORE_MS: String(storeMs) } : {}),
      },
      durableObjects: objects("store"),
      ...(first
        ? { kvNamespaces: { SNAPSHOTS: "snapshots" } }
        : { serviceBindings: { SNAPSHOTS: { name: "store", entrypoint: "SharedKv" } } }),
    }));
    const home = {
      ...shared,
      name: "store",
      bindings: { ...variables, COLO: "STORE" },
      durableObjects: objects(),
      kvNamespaces: { SNAPSHOTS: "snapshots" },
    };
    const workers = first ? [home, ...edges] : edges;
    const instance = new Miniflare(
      convertV4MiniflareOptions({
        workers,
        unsafeDevRegistryPath: path.join(folder, "registry"),
        resourcePersistencePath: path.join(first ? (options.stateDir ?? folder) : folder, colo),
        cf: false,
        // The Worker's log of faults that these tests cause; set to see it.
        handleStructuredLogs: process.env.FLEET_LOGS
          ? ({ message }: { message: string }) => console.error(message)
          : () => {},
      } as never),
    );
    instances.push(instance);
    const others = new Set(runningHere());
    await instance.ready;
    running.push(...runningHere().filter((pid) => !others.has(pid)));
    for (const { name } of workers) {
      const url = await instance.unsafeGetDirectURL(name);
      const isolate = isolateAt(name, colo, url);
      if (name === "store") store = isolate;
      else isolates.push(isolate);
    }
  }
  if (!store) throw new Error("a fleet needs a centre");
  const home = store;
  return {
    isolates,
    store,
    async admin<T>(method: string, route: string, body?: unknown) {
      const response = await fetch(new URL(`/api/v1${route}`, home.url), {
        method,
        headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, "Content-Type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${route} answered ${response.status}: ${text}`);
      return (text === "" ? null : JSON.parse(text)) as T;
    },
    kill() {
      for (const pid of running) process.kill(pid, "SIGKILL");
    },
    async evict(project) {
      const response = await fetch(new URL(`/__evict/${project}`, home.url), { method: "POST" });
      await response.body?.cancel();
    },
    async [Symbol.asyncDispose]() {
      for (const instance of instances.reverse()) await instance.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Processes of workerd that this one has started. */
export function runningHere(): number[] {
  return readdirSync("/proc").flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const parent = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
      return stat.includes("(workerd)") && parent === String(process.pid) ? [Number(name)] : [];
    } catch {
      // No process, or one that has ended meanwhile.
      return [];
    }
  });
}

function isolateAt(name: string, colo: string, url: URL): Isolate {
  const at = new URL("/__faults", url);
  return {
    name,
    colo,
    url,
    async fault(faults) {
      const response = await fetch(at, { method: "PUT", body: JSON.stringify(faults) });
      await response.body?.cancel();
    },
    observed: async () => (await (await fetch(at)).json()) as FaultsSeen,
  };
}

/** A project with one flag, `checkout`, on for everybody in production. */
export interface Shop {
  project: string;
  server: string;
  client: string;
  clientId: string;
  putFlag(key: string, definition?: object): Promise<void>;
  /** Serves one variant to everybody. */
  serve(flag: string, variant: string): Promise<unknown>;
  kill(flag: string): Promise<unknown>;
  restore(flag: string): Promise<unknown>;
}

export async function makeShop(fleet: Fleet, project = "shop"): Promise<Shop> {
  const production = `/projects/${project}/environments/production`;
  const comment = "propagation test";
  const serve: Shop["serve"] = (flag, variant) =>
    fleet.admin("PUT", `${production}/flags/${flag}`, { enabled: true, rules: [], fallthrough: { variant } });
  const putFlag: Shop["putFlag"] = async (key, definition = {}) => {
    await fleet.admin("PUT", `/projects/${project}/flags/${key}`, {
      type: "boolean",
      purpose: "release",
      variants: { on: true, off: false },
      offVariant: "off",
      visibility: "public",
      ...definition,
    });
    await serve(key, "on");
  };
  await fleet.admin("PUT", `/projects/${project}`, { name: project });
  await putFlag("checkout");
  const keyOf = (kind: string) =>
    fleet.admin<{ id: string; key: string }>("POST", `${production}/keys`, { kind, name: kind });
  const client = await keyOf("client");
  return {
    project,
    server: (await keyOf("server")).key,
    client: client.key,
    clientId: client.id,
    putFlag,
    serve,
    kill: (flag) => fleet.admin("POST", `${production}/flags/${flag}/kill`, { comment }),
    restore: (flag) => fleet.admin("POST", `${production}/flags/${flag}/restore`, { comment }),
  };
}

export interface Answer {
  status: number;
  value?: unknown;
  variant?: string;
  reason?: string;
  ms: number;
}

/** One evaluation as a server makes it. */
export async function evaluate(isolate: Isolate, key: string, flag = "checkout"): Promise<Answer> {
  const started = performance.now();
  const response = await fetch(new URL(`/ofrep/v1/evaluate/flags/${flag}`, isolate.url), {
    method: "POST",
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: '{"context":{"targetingKey":"u1"}}',
    signal: AbortSignal.timeout(10_000),
  });
  const body = (await response.json()) as Omit<Answer, "status" | "ms">;
  return { ...body, status: response.status, ms: performance.now() - started };
}

/**
 * Asks until the condition holds. Fails when an evaluation that began later than the limit (ms) after `since` was
 * answered otherwise: what counts is when a request began, so a slow answer is no late one.
 */
export async function until(
  isolate: Isolate,
  key: string,
  holds: (answer: Answer) => boolean,
  { since = performance.now(), limitMs = PATIENCE_MS, flag = "checkout", pauseMs = 20 } = {},
): Promise<void> {
  for (;;) {
    const began = performance.now() - since;
    const answer = await evaluate(isolate, key, flag);
    if (answer.status >= 500) throw new Error(`an evaluation was answered ${answer.status}`);
    if (holds(answer)) return;
    if (began > limitMs)
      throw new Error(`${isolate.name} answered ${JSON.stringify(answer)} to a request begun after ${began} ms`);
    await sleep(pauseMs);
  }
}

/** Makes a change, then asks as `until` does; the change must be served within the promised time of being sent. */
export async function servedInTime(
  change: () => Promise<unknown>,
  isolates: readonly Isolate[],
  key: string,
  holds: (answer: Answer) => boolean,
  { limitMs = CHANGE_MS, ...options }: { limitMs?: number; flag?: string; pauseMs?: number } = {},
): Promise<void> {
  const since = performance.now();
  await change();
  await Promise.all(isolates.map((one) => until(one, key, holds, { since, limitMs: limitMs + SLACK_MS, ...options })));
}

export const is = (value: unknown) => (answer: Answer) => answer.value === value;
