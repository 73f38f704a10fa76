import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build as esbuild } from "esbuild";
import { build as vite } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import buckets from "../../shared/evaluation/cases/bucket.json" with { type: "json" };
import precedence from "../../shared/evaluation/cases/precedence.json" with { type: "json" };
import { OPERATOR_CASES } from "../../shared/evaluation/testing/operator-cases.ts";
import { type Snapshot, snapshot } from "../../shared/schema/snapshot.ts";

/*
 * The evaluator runs in two builds: the Worker's, made by esbuild as wrangler does, and the dashboard's, minified by
 * vite as its configuration says. Both must answer the golden corpus alike.
 */

const root = path.resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(path.join(tmpdir(), "blastdoor-builds-"));
const NOW = Date.parse(precedence.now);

/** The core's modules as seen from a build: only what this test calls. */
interface Core {
  bucket(seed: string, unit: string): number;
  compile(snapshot: object, regex: unknown): object;
  prepare(compiled: object, context: unknown, now: number, memberships?: ReadonlyMap<string, boolean>): object;
  evaluateAll(compiled: object, subject: object, audience: "client" | "server"): { flags: string; etag: string };
  explain(
    snapshot: object,
    kills: readonly object[],
    context: unknown,
    now: number,
    regex: unknown,
    memberships?: ReadonlyMap<string, boolean>,
  ): unknown[];
  re2: unknown;
}

const ENTRY = [
  'export { bucket } from "./shared/evaluation/bucketing/bucket.ts";',
  'export { compile } from "./shared/evaluation/compile/compile.ts";',
  'export { evaluateAll, prepare } from "./shared/evaluation/run/evaluate.ts";',
  'export { explain } from "./shared/evaluation/explain/explain.ts";',
  'export { re2 } from "./shared/evaluation/operators/regex/regex.ts";',
].join("\n");

async function forWorker(): Promise<string> {
  const outfile = path.join(folder, "worker.mjs");
  await esbuild({
    stdin: { contents: ENTRY, resolveDir: root, loader: "ts" },
    outfile,
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    logLevel: "silent",
  });
  return outfile;
}

async function forDashboard(): Promise<string> {
  // Inside the project, so that vite resolves and configures it as it does the dashboard's own modules.
  const entry = path.join(folder, "entry.ts");
  writeFileSync(entry, ENTRY.replaceAll('"./', `"${root}/`));
  await vite({
    configFile: path.join(root, "dashboard/vite.config.ts"),
    root: path.join(root, "dashboard"),
    logLevel: "silent",
    publicDir: false,
    build: {
      outDir: folder,
      emptyOutDir: false,
      minify: true,
      lib: { entry, formats: ["es"], fileName: () => "dashboard.mjs" },
    },
  });
  return path.join(folder, "dashboard.mjs");
}

let builds: Core[] = [];
let sizes: number[] = [];
beforeAll(async () => {
  const files = [await forWorker(), await forDashboard()];
  sizes = files.map((file) => readFileSync(file).length);
  builds = await Promise.all(files.map(async (file) => (await import(pathToFileURL(file).href)) as Core));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HEAD = { minReader: 1, project: "p", environment: "e", epoch: 1, revision: 1, keys: [] };
const EMPTY = { segments: {}, layers: {}, holdouts: {}, kills: [] };

/** Every case of the corpus: a snapshot, a context, memberships. */
function* cases(): Generator<{ snapshot: Snapshot; context: unknown; memberships: Map<string, boolean> }> {
  for (const { test: when, rows } of OPERATOR_CASES.flatMap(({ tests }) => tests)) {
    const flag = (condition: unknown) => ({
      variants: { on: true, off: false },
      offVariant: "off",
      visibility: "public",
      seed: "s",
      state: {
        enabled: true,
        rules: [{ id: "r", when: condition, serve: { variant: "on" } }],
        fallthrough: { variant: "off" },
      },
    });
    const flags = { plain: flag(when), negated: flag({ ...when, negate: true }), not: flag({ not: when }) };
    const parsed = snapshot.parse({ ...HEAD, ...EMPTY, flags });
    for (const [context] of rows) yield { snapshot: parsed, context, memberships: new Map() };
  }
  for (const { name: _, cases: given, flags, ...rest } of precedence.snapshots) {
    const withDefaults = (defaults: object, entries: object) =>
      Object.fromEntries(Object.entries(entries).map(([key, one]) => [key, { ...defaults, seed: key, ...one }]));
    const segments = Object.entries("segments" in rest ? (rest.segments as object) : {});
    const parsed = snapshot.parse({
      ...HEAD,
      ...EMPTY,
      ...rest,
      flags: withDefaults(precedence.defaults, flags),
      segments: Object.fromEntries(
        segments.map(([key, segment]) => [key, { by: "targetingKey", included: [], excluded: [], ...segment }]),
      ),
    });
    for (const { context, ...more } of given as { context: unknown; memberships?: Record<string, boolean> }[])
      yield { snapshot: parsed, context, memberships: new Map(Object.entries(more.memberships ?? {})) };
  }
}

test("server and dashboard builds agree on the golden corpus, and are really two", () => {
  const [worker, dashboard] = builds as [Core, Core];
  expect(sizes[1]).toBeLessThan((sizes[0] as number) * 0.8);
  let compared = 0;
  for (const { snapshot: given, context, memberships } of cases()) {
    const [one, two] = [worker, dashboard].map((core) => {
      const compiled = core.compile(given, core.re2);
      const subject = core.prepare(compiled, context, NOW, memberships);
      return {
        server: core.evaluateAll(compiled, subject, "server"),
        client: core.evaluateAll(compiled, subject, "client"),
        explained: core.explain(given, given.kills, context, NOW, core.re2, memberships),
      };
    });
    expect(two).toEqual(one);
    // Against two builds that agree because neither says anything.
    expect(one?.server.flags).toContain('"reason":');
    compared++;
  }
  expect(compared).toBeGreaterThan(200);
  for (const { seed, unit, bucket } of buckets.vectors)
    expect(builds.map((core) => core.bucket(seed, unit))).toEqual([bucket, bucket]);
});
