import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { mixedFlags, ourSnapshot } from "../workloads.ts";

/*
 * Workers as they are deployed, each in a workerd of its own: built by wrangler, started without a proxy, ours seeded
 * through its own administration.
 */

/** What everybody evaluates. */
export const FLAGS = mixedFlags(100);
export const ADMIN_TOKEN = "bda_bench-of-the-whole-worker";
/** What the same-work Worker knows. */
export const KEY = `bds_bench_production_${"5".repeat(40)}`;
const CLOCK_TICKS = Number(execFileSync("getconf", ["CLK_TCK"]).toString());
/** As in wrangler.toml. */
const COMPATIBILITY = { date: "2026-11-01", flags: ["nodejs_compat"] };

const root = path.dirname(path.dirname(import.meta.dirname));

export interface Contestant {
  readonly name: string;
  /** The built Worker. */
  readonly script: string;
  readonly bindings: Record<string, string>;
  /** What kind of key ours is asked with; null: one that is not ours. */
  readonly keyKind: "server" | "client" | null;
  readonly check: (target: Target) => Promise<void>;
}

/** A contestant in a process of its own. */
export interface Target {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  readonly key: string;
  readonly worker: Miniflare;
}

/** As for a deployment, by wrangler. Without an entry it is our own Worker, configuration and all. */
export function bundle(into: string, entry?: string): string {
  const wrangler = path.join(root, "node_modules/wrangler/bin/wrangler.js");
  const name = entry ? path.parse(entry).name : "index";
  const outdir = path.join(into, name);
  const config = entry ? path.join(into, `${name}.json`) : path.join(root, "wrangler.toml");
  if (entry) {
    const { date, flags } = COMPATIBILITY;
    const main = path.join(import.meta.dirname, entry);
    const built = { keep_names: false, minify: true };
    writeFileSync(
      config,
      JSON.stringify({ name, main, compatibility_date: date, compatibility_flags: flags, ...built }),
    );
  }
  build(wrangler, config, outdir);
  return path.join(outdir, `${name}.js`);
}

/** The Worker of another checkout, built by that checkout's own wrangler. */
export function bundleOfCheckout(into: string, checkout: string): string {
  const outdir = path.join(into, "baseline");
  build(path.join(checkout, "node_modules/wrangler/bin/wrangler.js"), path.join(checkout, "wrangler.toml"), outdir);
  return path.join(outdir, "index.js");
}

function build(wrangler: string, config: string, outdir: string): void {
  const quiet = { WRANGLER_SEND_METRICS: "false", WRANGLER_SEND_ERROR_REPORTS: "false", WRANGLER_HIDE_BANNER: "true" };
  execFileSync(process.execPath, [wrangler, "deploy", "--config", config, "--dry-run", "--outdir", outdir], {
    env: { ...process.env, ...quiet, WRANGLER_LOG: "error", WRANGLER_LOG_PATH: outdir, XDG_CONFIG_HOME: outdir },
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/** One workerd with one Worker: all that differs is the script and what it is bound to. */
export async function start({ name, script, bindings, keyKind }: Contestant): Promise<Target> {
  const before = new Set(workerdsOfOurs());
  const worker = new Miniflare(
    convertV4MiniflareOptions({
      name: "bench",
      modules: [{ type: "ESModule", path: "index.js", contents: readFileSync(script, "utf8") }],
      compatibilityDate: COMPATIBILITY.date,
      compatibilityFlags: [...COMPATIBILITY.flags],
      bindings,
      unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
      ...(keyKind && {
        kvNamespaces: ["SNAPSHOTS"],
        durableObjects: durableObjects(),
      }),
    }),
  );
  const port = Number((await worker.unsafeGetDirectURL("bench")).port);
  const pid = workerdsOfOurs().find((one) => !before.has(one));
  if (pid === undefined) throw new Error(`the workerd of ${name} is not to be found`);
  return { name, worker, port, pid, key: keyKind ? (await seed(port))[keyKind] : KEY };
}

/** All that wrangler.toml binds. */
function durableObjects() {
  const configuration = readFileSync(path.join(root, "wrangler.toml"), "utf8");
  const bound = configuration.matchAll(/^name = "(\w+)"\nclass_name = "(\w+)"/gm);
  return Object.fromEntries([...bound].map(([, name, className]) => [name, { className, useSQLite: true }]));
}

function workerdsOfOurs(): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && isOurWorkerd(pid));
}

function isOurWorkerd(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.includes("(workerd)") && fieldsOf(stat)[1] === String(process.pid);
  } catch {
    // It ended meanwhile.
    return false;
  }
}

/** What follows the name in parentheses: state, parent, … */
const fieldsOf = (stat: string): string[] => stat.slice(stat.lastIndexOf(")") + 2).split(" ");

/** Processor seconds, user and system. */
export function cpuOf(pid: number): number {
  const fields = fieldsOf(readFileSync(`/proc/${pid}/stat`, "utf8"));
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
}

/** Makes the project through the administration API, and a key of either kind. */
async function seed(port: number): Promise<{ server: string; client: string }> {
  const call = async (method: string, route: string, body: unknown) => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/projects/bench${route}`, {
      method,
      headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
    return (await response.json()) as { key: string };
  };
  const environments = { production: { name: "Production" } };
  const flags: Record<string, object> = {};
  const production: Record<string, object> = {};
  for (const [key, { state, variants, offVariant, visibility }] of Object.entries(ourSnapshot(FLAGS).flags)) {
    flags[key] = { type: "boolean", purpose: "release", variants, offVariant, visibility };
    production[key] = state;
  }
  await call("PUT", "", { name: "Bench", environments: ["production"] });
  const document = { format: "blastdoor-export-1", project: "bench", environments, flags, states: { production } };
  await call("POST", "/import", document);
  const keyOf = async (kind: string) =>
    (await call("POST", "/environments/production/keys", { kind, name: `bench ${kind}` })).key;
  return { server: await keyOf("server"), client: await keyOf("client") };
}
