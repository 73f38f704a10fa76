import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { build } from "esbuild";

/*
 * Builds the Worker of an earlier commit for `version-skew.test.ts`, which runs it beside the present one:
 *
 *   node scripts/run.mjs test/compatibility/make-previous.ts bdf101c
 *
 * The packages are those of this checkout. `previous/worker.json` says which commit it was and what the bundle's hash is.
 */

const root = path.resolve(import.meta.dirname, "..", "..");
const into = path.join(import.meta.dirname, "previous");
const [commit = "bdf101c"] = process.argv.slice(2);
const full = execFileSync("git", ["rev-parse", commit], { cwd: root, encoding: "utf8" }).trim();
const folder = mkdtempSync(path.join(tmpdir(), "blastdoor-previous-"));
try {
  const archive = execFileSync("git", ["archive", full, "worker", "shared", "package.json", "tsconfig.base.json"], {
    cwd: root,
    maxBuffer: 256 * 1024 * 1024,
  });
  execFileSync("tar", ["-x", "-C", folder], { input: archive });
  symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
  const { outputFiles } = await build({
    entryPoints: [path.join(folder, "worker", "index.ts")],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2024",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["workerd", "worker", "import"],
    external: ["cloudflare:*", "node:*"],
    legalComments: "none",
    charset: "utf8",
  });
  const bundle = outputFiles[0]?.text ?? "";
  const packed = brotliCompressSync(bundle, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  mkdirSync(into, { recursive: true });
  writeFileSync(path.join(into, "worker.js.br"), packed);
  const about = {
    commit: full,
    madeBy: `node scripts/run.mjs test/compatibility/make-previous.ts ${full.slice(0, 7)}`,
    sha256: createHash("sha256").update(bundle).digest("hex"),
  };
  writeFileSync(path.join(into, "worker.json"), `${JSON.stringify(about, null, 2)}\n`);
  console.log(`${bundle.length} characters, ${packed.length} bytes packed`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
