import { gzipSync } from "node:zlib";
import { build } from "esbuild";

export interface Size {
  readonly minified: number;
  readonly gzipped: number;
}

/** Bytes of what these exports need, bundled and minified. */
export async function sizeOf(entry: string, resolveDir: string): Promise<Size> {
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
  const code = (outputFiles[0] as { contents: Uint8Array }).contents;
  return { minified: code.length, gzipped: gzipSync(code, { level: 9 }).length };
}

const shared = new URL("../shared", import.meta.url).pathname;
const EVALUATOR = 'export * from "./evaluate.ts"; export { compile, applyKills, staleKills } from "./compile.ts";';

/** What evaluating takes: ours without the injected regex engine, and the engine itself. */
export const ownSizes = async (): Promise<{ evaluator: Size; regexEngine: Size }> => ({
  evaluator: await sizeOf(EVALUATOR, shared),
  regexEngine: await sizeOf('export * from "./regex.ts";', shared),
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
