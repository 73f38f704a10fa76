import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import { runChild } from "./child.mjs";
import { Problem, runMain } from "./problem.mjs";
import { root } from "./root.mjs";

/*
 * `node scripts/build-clients.mjs [package …]`: compiles packages of client/ into their dist/ folders, as `npm pack` and
 * `npm publish` do first. Each entry becomes one JavaScript file, in which what it takes from shared/ is included, beside
 * its declarations.
 */

/** @typedef {{ exports: Record<string, string | { default: string }> } & Record<"dependencies" | "peerDependencies", Record<string, string> | undefined>} Manifest */

/** @param {string} name of a folder in client/ */
async function buildPackage(name) {
  const folder = path.join(root, "client", name);
  const dist = path.join(folder, "dist");
  /** @type {Manifest} */
  const manifest = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  const entries = Object.values(manifest.exports).flatMap((target) =>
    typeof target === "string" ? [] : [path.basename(target.default, ".js")],
  );
  rmSync(dist, { recursive: true, force: true });
  await compile(folder, entries, Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }));
  await declare(name, entries);
  copyFileSync(path.join(root, "LICENSE"), path.join(dist, "LICENSE"));
}

/**
 * @param {string} folder
 * @param {string[]} entries
 * @param {string[]} packages that the app installs itself
 */
async function compile(folder, entries, packages) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: entries.map((entry) => path.join(folder, `${entry}.ts`)),
    outdir: path.join(folder, "dist"),
    bundle: true,
    splitting: true,
    chunkNames: "[name]-[hash]",
    format: "esm",
    target: "es2022",
    platform: "neutral",
    mainFields: ["module", "main"],
    external: [...packages, "node:*", "cloudflare:*"],
    legalComments: "none",
    // Puts constants where they are used, which the evaluator's branches are faster for.
    minifySyntax: true,
    metafile: true,
    logLevel: "error",
  });
  const licences = licencesOf(Object.keys(metafile.inputs));
  if (licences !== "") writeFileSync(path.join(folder, "dist", "THIRD-PARTY-LICENSES.txt"), licences);
}

/**
 * @param {string[]} inputs what was bundled, as from the root
 * @returns {string} the licences of the packages among it
 */
function licencesOf(inputs) {
  const packages = new Set(inputs.flatMap((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []));
  return [...packages]
    .sort()
    .map((one) => {
      const folder = path.join(root, "node_modules", one);
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
      if (file === undefined) throw new Problem(`${one} is bundled, but comes without a licence text.`);
      return `${one}\n\n${readFileSync(path.join(folder, file), "utf8")}`;
    })
    .join("\n\n");
}

const RELATIVE = /(\bfrom\s+|\bimport\s*\(?\s*)"(\.[^"]+)\.ts"/g;

/**
 * Copies the declarations that the entries need. They name each other as JavaScript files, which every kind of module
 * resolution understands.
 *
 * @param {string} name
 * @param {string[]} entries
 */
async function declare(name, entries) {
  const tsc = path.join(root, "node_modules", "typescript", "bin", "tsc");
  const { code, output } = await runChild(process.execPath, [tsc, "-b", path.join(root, "client", name)], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (code !== 0) throw new Problem(`${output}\nThe declarations of client/${name} could not be made.`);
  const made = path.join(root, "node_modules", ".cache", "tsc", `client-${name}`, "client", name);
  const dist = path.join(root, "client", name, "dist");
  const open = entries.map((entry) => `./${entry}`);
  const known = new Set(open);
  for (const file of open) {
    const text = readFileSync(path.join(made, `${file}.d.ts`), "utf8");
    for (const [, , specifier = ""] of text.matchAll(RELATIVE)) {
      const imported = `./${path.posix.join(path.posix.dirname(file), specifier)}`;
      if (imported.startsWith("./.."))
        throw new Problem(`client/${name}/${file}.ts shows a type of ${imported}.ts, which is not in the package.`);
      if (!known.has(imported)) open.push(imported);
      known.add(imported);
    }
    mkdirSync(path.dirname(path.join(dist, file)), { recursive: true });
    writeFileSync(path.join(dist, `${file}.d.ts`), text.replaceAll(RELATIVE, '$1"$2.js"'));
  }
}

await runMain(async () => {
  const asked = process.argv.slice(2);
  for (const name of asked.length > 0 ? asked : ["telemetry", "server", "workers", "browser", "testing"])
    await buildPackage(name);
  return 0;
});
