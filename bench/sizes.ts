import { gzipSync } from "node:zlib";
import { build } from "esbuild";

export interface Size {
  readonly minified: number;
  readonly gzipped: number;
}

/** What these exports need, as one module. */
async function bundled(entry: string, resolveDir: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir, loader: "ts" },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    platform: "node",
    write: false,
    logLevel: "silent",
  });
  return (outputFiles[0] as { contents: Uint8Array }).contents;
}

/** Bytes of what these exports need, bundled and minified. */
async function sizeOf(entry: string, resolveDir: string): Promise<Size> {
  const code = await bundled(entry, resolveDir);
  return { minified: code.length, gzipped: gzipSync(code, { level: 9 }).length };
}

const shared = new URL("../shared", import.meta.url).pathname;
const EVALUATE = 'export * from "./evaluation/run/evaluate.ts";';
const KILLS =
  'export { applyKills } from "./evaluation/compile/kills.ts"; export { staleKills } from "./evaluation/compile/stale-kills.ts";';
const COMPILE =
  'export { compile } from "./evaluation/compile/compile.ts"; export { compileBlocks } from "./evaluation/compile/compile-blocks.ts";';
const REGEX = 'export * from "./evaluation/operators/regex/regex.ts";';
const DIALECTS = 'export * from "./evaluation/dialects/dialects.ts";';
/** What an edge must load: it compiles a snapshot itself whenever one changes. */
const EDGE = EVALUATE + KILLS + COMPILE;
/** The part of it that requests run. */
const ANSWERING = EVALUATE + KILLS;
/** The target for EDGE, minified and gzipped (bytes). */
export const EDGE_TARGET = 6_000;

type Own = typeof import("../shared/evaluation/run/evaluate.ts") &
  typeof import("../shared/evaluation/compile/kills.ts") &
  typeof import("../shared/evaluation/compile/stale-kills.ts") &
  typeof import("../shared/evaluation/compile/compile.ts") &
  typeof import("../shared/evaluation/compile/compile-blocks.ts") &
  typeof import("../shared/evaluation/operators/regex/regex.ts") &
  typeof import("../shared/evaluation/dialects/dialects.ts");

/**
 * Ours as it is deployed: one module, made and minified by esbuild, as wrangler does by our configuration. Between
 * modules of their own every constant is looked up anew, which nobody's production does.
 */
export async function ownBundle(): Promise<Own> {
  const code = await bundled(EDGE + REGEX + DIALECTS, shared);
  return (await import(`data:text/javascript;base64,${Buffer.from(code).toString("base64")}`)) as Own;
}

/** What evaluating takes: what an edge loads without the injected regex engine, the part of it that requests run, and the engine. */
export const ownSizes = async (): Promise<Record<"edge" | "answering" | "regexEngine" | "dialects", Size>> => ({
  edge: await sizeOf(EDGE, shared),
  answering: await sizeOf(ANSWERING, shared),
  regexEngine: await sizeOf(REGEX, shared),
  dialects: await sizeOf(DIALECTS, shared),
});

/** The peers' parts that the bench uses. They bring regular expressions with them, mostly the platform's own. */
export async function peerSizes(): Promise<Record<string, Size>> {
  const entries = {
    "@vercel/flags-core": 'export { evaluate } from "@vercel/flags-core";',
    "@openfeature/flagd-core": 'export { FlagdCore } from "@openfeature/flagd-core";',
    "unleash-client": 'export { InMemStorageProvider, Unleash } from "unleash-client";',
    "@growthbook/growthbook": 'export { GrowthBookClient } from "@growthbook/growthbook";',
    "@launchdarkly/node-server-sdk": 'export { init } from "@launchdarkly/node-server-sdk";',
  };
  const sizes: Record<string, Size> = {};
  for (const [name, entry] of Object.entries(entries)) sizes[name] = await sizeOf(entry, import.meta.dirname);
  return sizes;
}
