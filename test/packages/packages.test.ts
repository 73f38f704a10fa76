import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../process/server.ts";

// The packages of client/ as npm packs them, in an empty project, without a network.

const run = promisify(execFile);
const modules = path.join(root, "node_modules");
const project = mkdtempSync(path.join(tmpdir(), "blastdoor-packages-"));
const names = readdirSync(path.join(root, "client"));
const tarballs = new Map<string, { filename: string; files: string[]; bytes: number }>();

/** What these packages take from the app that installs them, and what its compiler needs for it. */
const OF_THE_APP = ["@openfeature/core", "@openfeature/server-sdk", "@types/node", "undici-types"];

/** npm by the Node that runs it, whatever that is. */
async function npm(cwd: string, ...args: string[]): Promise<string> {
  const cli = process.env.npm_execpath;
  const [command, first] = cli?.endsWith(".js") ? [process.execPath, [cli]] : ["npm", []];
  return (await run(command, [...first, ...args], { cwd, maxBuffer: 64 * 1024 * 1024 })).stdout;
}

beforeAll(async () => {
  for (const name of names) {
    const packed = await npm(
      root,
      "pack",
      "--json",
      "--pack-destination",
      project,
      "--workspace",
      `@blastdoor/${name}`,
    );
    // npm 10 and 11 answer a list, later ones a record by name.
    const answer = JSON.parse(packed.slice(packed.search(/^[[{]/m)));
    const [{ filename, files, size }] = (Array.isArray(answer) ? answer : Object.values(answer)) as [
      { filename: string; files: { path: string }[]; size: number },
    ];
    tarballs.set(name, { filename, files: files.map((file) => file.path).sort(), bytes: size });
  }
  writeFileSync(path.join(project, "package.json"), '{ "name": "empty", "private": true, "type": "module" }');
  const files = [...tarballs.values()].map(({ filename }) => `./${filename}`);
  // Peers are the app's own: here the ones of this repository.
  await npm(project, "install", "--offline", "--legacy-peer-deps", "--no-audit", "--no-fund", ...files);
  for (const one of OF_THE_APP) {
    mkdirSync(path.dirname(path.join(project, "node_modules", one)), { recursive: true });
    symlinkSync(path.join(modules, one), path.join(project, "node_modules", one));
  }
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

describe.each(names)("@blastdoor/%s", (name) => {
  const manifest = () =>
    JSON.parse(readFileSync(path.join(project, "node_modules/@blastdoor", name, "package.json"), "utf8"));

  test("holds compiled modules with declarations, a README and a licence, and no source or test", () => {
    const { files = [] } = tarballs.get(name) ?? {};
    expect(files).toEqual(
      expect.arrayContaining(["README.md", "dist/LICENSE", "dist/index.d.ts", "dist/index.js", "package.json"]),
    );
    expect(files.filter((file) => !/^(?:README\.md|package\.json|dist\/.+)$/.test(file))).toEqual([]);
    expect(files.filter((file) => /\.test\.|(?<!\.d)\.ts$/.test(file))).toEqual([]);
  });

  test("needs nothing that it does not name, and names nothing that an app would load twice", () => {
    const { dependencies = {}, peerDependencies = {} } = manifest();
    const allowed = new Set([...Object.keys(dependencies), ...Object.keys(peerDependencies)]);
    const folder = path.join(project, "node_modules/@blastdoor", name, "dist");
    for (const file of readdirSync(folder).filter((one) => /\.(?:js|d\.ts)$/.test(one))) {
      const text = readFileSync(path.join(folder, file), "utf8");
      const imported = [...text.matchAll(/^\s*(?:import|export)\b[^"';]*?\bfrom\s+"([^"]+)"/gm)].map(
        ([, one = ""]) => one,
      );
      const foreign = imported.filter((one) => !/^(?:\.|node:|cloudflare:)/.test(one));
      expect(
        foreign.filter(
          (one) =>
            !allowed.has(
              one
                .split("/")
                .slice(0, one.startsWith("@") ? 2 : 1)
                .join("/"),
            ),
        ),
      ).toEqual([]);
    }
  });
});

const APP = `
import { OpenFeature } from "@openfeature/server-sdk";
import { BlastdoorProvider, type BlastdoorProviderOptions } from "@blastdoor/server";
import { OpenFeatureTelemetry, type TelemetryOptions } from "@blastdoor/telemetry";
import type { Blastdoor } from "@blastdoor/browser";

const refused: typeof fetch = async () => Response.json({ title: "not now" }, { status: 503 });
const flag = {
  variants: { on: true, off: false }, offVariant: "off", visibility: "public", seed: "s",
  state: { enabled: true, prerequisites: [], rules: [{ id: "pro", when: { attribute: "plan", op: "matches", values: ["^pr"] }, serve: { variant: "on" } }], fallthrough: { variant: "off" } },
};
const text = "flag/checkout\\t" + JSON.stringify(flag) + "\\n";
const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
const hash = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
const initialRules = {
  reader: 1, minReader: 1, version: "1.1-a", project: "shop", environment: "production", epoch: 1, revision: 1,
  committed: 1, change: 1, kills: [], emergency: [], restored: [], blocks: [hash], texts: { [hash]: text }, patches: [],
};
const options: BlastdoorProviderOptions = {
  baseUrl: "http://flags.test", key: "bds_shop_production_0", initialRules, fetch: refused, push: false,
  logger: { warn() {} },
};
await OpenFeature.setProviderAndWait(new BlastdoorProvider(options));
const client = OpenFeature.getClient();
const shown: boolean[] = [
  await client.getBooleanValue("checkout", false, { targetingKey: "u1", plan: "pro" }),
  await client.getBooleanValue("checkout", true, { targetingKey: "u1", plan: "free" }),
];
const telemetryOptions: TelemetryOptions = { baseUrl: "http://flags.test", key: "bds_shop_production_0", fetch: refused };
new OpenFeatureTelemetry(telemetryOptions).hook satisfies object;
const page = (flags: Blastdoor): boolean => flags.get("checkout", false);
console.log(JSON.stringify(shown), typeof page);
process.exit(0);
`;

describe("an app of TypeScript, strict", () => {
  const tsc = path.join(modules, "typescript", "bin", "tsc");
  beforeAll(() => writeFileSync(path.join(project, "app.ts"), APP));

  test.each([
    ["Node's resolution", "nodenext", "nodenext"],
    ["a bundler's resolution", "preserve", "bundler"],
  ])("compiles with %s, declarations of packages included", async (_name, module, resolution) => {
    const strict = ["--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--types", "node"];
    const out = ["--target", "es2022", "--lib", "es2023,dom", "--outDir", "out"];
    const args = [tsc, ...strict, ...out, "--module", module, "--moduleResolution", resolution, "app.ts"];
    const { stdout } = await run(process.execPath, args, { cwd: project }).catch((error) => error);
    expect(stdout).toBe("");
  });

  test("runs on every Node that is here, from 20 on", async () => {
    const nodes = await nodesHere();
    expect(nodes.length).toBeGreaterThan(0);
    for (const node of nodes) {
      const { stdout } = await run(node, ["out/app.js"], { cwd: project });
      expect(stdout.trim()).toBe("[true,false] function");
    }
  });
});

/** The Node of this run, and others that the PATH leads to. */
async function nodesHere(): Promise<string[]> {
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  const byVersion = new Map<string, string>();
  for (const node of [process.execPath, ...folders.map((folder) => path.join(folder, "node"))]) {
    const version = await run(node, ["--version"])
      .then(({ stdout }) => stdout.trim())
      .catch(() => null);
    const major = Number(/^v(\d+)/.exec(version ?? "")?.[1] ?? 0);
    if (version !== null && major >= 20 && !byVersion.has(version)) byVersion.set(version, node);
  }
  return [...byVersion.values()];
}
