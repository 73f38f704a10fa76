import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { runChild } from "./child.mjs";
import { takeLock } from "./lock.mjs";
import { findNode, requireNode20 } from "./pinned-node.mjs";
import { Problem, runMain } from "./problem.mjs";
import { isMain, root } from "./root.mjs";

// Runs on Node 20 with nothing installed: only Node's own modules here and in what is imported above.

const modules = path.join(root, "node_modules");
const lockfile = path.join(root, "package-lock.json");

/**
 * Brings the folder to where `npm start` and `npm test` can run: packages installed as the lockfile says, the dashboard
 * built. Does nothing, quickly, when that is so already.
 */
export async function setup() {
  requireNode20();
  const release = await takeTurn();
  try {
    await installPackages(root);
    findNode();
    await buildDashboard();
  } finally {
    release();
  }
}

/** Two commands begun together must not both install or build: the second waits, then finds the work done. */
async function takeTurn() {
  const folder = path.join(root, ".wrangler");
  mkdirSync(folder, { recursive: true });
  for (;;) {
    const lock = takeLock(path.join(folder, "setup.lock"));
    if (lock.taken) return lock.release;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** What measurements compare Blastdoor with. Apart, so that nobody installs them to use Blastdoor. */
export async function setupPeers() {
  const release = await takeTurn();
  try {
    await installPackages(path.join(root, "bench"));
  } finally {
    release();
  }
}

/** The SDKs of other vendors, which only `npm run import:verify` needs. */
export async function setupVendors() {
  const release = await takeTurn();
  try {
    await installPackages(path.join(root, "vendors"));
  } finally {
    release();
  }
}

/** @param {string} folder of a package-lock.json */
async function installPackages(folder) {
  const stamp = path.join(folder, "node_modules", ".blastdoor-setup");
  const wanted = `${process.platform}-${process.arch} ${hashOf([path.join(folder, "package-lock.json")])}`;
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  if (!isInstalled(folder)) {
    console.log("installing packages (only when they are missing or have changed)");
    // A lockfile written on one platform may lack another's optional workerd package, which `npm ci` refuses. What is
    // missing is then added on this machine only: to start something must not change files that are in git.
    const clean = await npm(folder, ["ci"]);
    const outcome = clean.code === 0 ? clean : await npm(folder, ["install", "--no-save"]);
    if (outcome.code !== 0) {
      process.stderr.write(clean.output + outcome.output);
      throw new Problem("The packages could not be installed: npm's own words are above.");
    }
  }
  writeFileSync(stamp, wanted);
}

/**
 * Whether npm's own record of what it installed has everything the lockfile asks for, so that a developer's own
 * `npm install` is not thrown away and done again.
 *
 * @param {string} folder
 */
function isInstalled(folder) {
  const installed = readPackages(path.join(folder, "node_modules", ".package-lock.json"));
  if (installed === undefined) return false;
  return Object.entries(readPackages(path.join(folder, "package-lock.json")) ?? {}).every(([name, wanted]) => {
    if (name === "") return true;
    const found = installed[name];
    if (found === undefined) return Boolean(wanted.optional || wanted.devOptional);
    const isSame = found.version === wanted.version && found.integrity === wanted.integrity;
    return isSame && existsSync(path.join(folder, name));
  });
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, integrity?: string, optional?: boolean, devOptional?: boolean }> | undefined}
 */
function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} folder
 * @param {string[]} args
 */
function npm(folder, args) {
  // The npm that runs us, if one does; development packages are needed even where NODE_ENV=production says otherwise.
  const cli = process.env.npm_execpath;
  const [command, first] = cli?.endsWith(".js") ? [process.execPath, [cli]] : ["npm", []];
  return runChild(command, [...first, ...args, "--include=dev", "--include=optional", "--no-audit", "--no-fund"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Dashboard and browser script are served by the Worker as static assets from this folder. */
async function buildDashboard() {
  const output = path.join(root, "dist", "dashboard");
  const config = path.join(root, "dashboard", "vite.config.ts");
  if (!existsSync(config)) {
    // wrangler does not start without the folder.
    mkdirSync(output, { recursive: true });
    return;
  }
  const stamp = path.join(root, "dist", "dashboard.sha256");
  const wanted = hashOf([
    ...["dashboard", "client/browser", "shared"].map((folder) => path.join(root, folder)),
    lockfile,
  ]);
  if (existsSync(path.join(output, "index.html")) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) {
    return;
  }
  console.log("building the dashboard");
  // Built beside and then moved: a running Worker never serves half a dashboard, and a failed build leaves the old one.
  const fresh = path.join(root, "dist", ".dashboard-new");
  await vite("dashboard", "--config", config, "--outDir", fresh, "--emptyOutDir");
  // The two parts of the browser script lie beside it and are files of their own.
  for (const name of ["vite.config.ts", "doors.vite.config.ts"])
    await vite(
      ".",
      "--config",
      path.join(root, "client", "browser", name),
      "--outDir",
      fresh,
      "--emptyOutDir",
      "false",
    );
  const old = path.join(root, "dist", ".dashboard-old");
  rmSync(old, { recursive: true, force: true });
  if (existsSync(output)) renameSync(output, old);
  renameSync(fresh, output);
  rmSync(old, { recursive: true, force: true });
  writeFileSync(stamp, wanted);
}

/** @param {string[]} args of `vite build` */
async function vite(...args) {
  const { code, output } = await runChild(
    findNode(),
    [path.join(modules, "vite", "bin", "vite.js"), "build", ...args, "--logLevel", "warn"],
    { cwd: root, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NODE_ENV: "production" } },
  );
  if (code === 0) return;
  process.stderr.write(output);
  throw new Problem("The dashboard could not be built: vite's own words are above.");
}

/**
 * @param {string[]} sources files and folders
 * @returns {string} a hash of their names and contents
 */
function hashOf(sources) {
  const hash = createHash("sha256");
  /** @param {string} folder */
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith(".") || ["dist", "node_modules"].includes(entry.name)) continue;
      const full = path.join(folder, entry.name);
      if (entry.isDirectory()) walk(full);
      else if (entry.isFile()) add(full);
    }
  };
  /** @param {string} file */
  const add = (file) => {
    const content = readFileSync(file);
    hash.update(`${path.relative(root, file)}\0${content.length}\0`).update(content);
  };
  for (const source of sources) {
    if (path.extname(source) === "") walk(source);
    else add(source);
  }
  return hash.digest("hex");
}

if (isMain(import.meta.url)) {
  await runMain(async () => {
    await setup();
    return 0;
  });
}
