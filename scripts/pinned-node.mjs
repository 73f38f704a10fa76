import { spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import path from "node:path";
import { runChild } from "./child.mjs";
import { Problem } from "./problem.mjs";
import { root } from "./root.mjs";

/** wrangler refuses anything older. */
const MINIMUM = /** @type {const} */ ([22, 12]);

/** The Node this project pins as a development dependency; npm puts it first on the PATH of its scripts. */
const pinned = path.join(root, "node_modules", ".bin", "node");

/** Nothing here can run on less; said before anything else is tried. */
export function requireNode20() {
  if (Number.parseInt(process.versions.node, 10) < 20) {
    throw new Problem(`Blastdoor needs Node 20 or newer to set itself up, and this is Node ${process.versions.node}.`);
  }
}

/** @param {string} version */
function isNewEnough(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  return major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1]);
}

/**
 * The Node that runs wrangler and vitest: the pinned one, else this one when it is new enough (install scripts were
 * blocked, but nothing needs them then).
 *
 * @returns {string} the path of the executable
 */
export function findNode() {
  if (existsSync(pinned)) {
    if (realpathSync(pinned) === realpathSync(process.execPath)) return process.execPath;
    const { status, stdout } = spawnSync(pinned, ["--version"], { encoding: "utf8" });
    if (status === 0 && isNewEnough(stdout)) return pinned;
  }
  if (isNewEnough(process.versions.node)) return process.execPath;
  throw new Problem(
    `Blastdoor needs Node ${MINIMUM.join(".")} or newer: the copy it installs for itself (the npm package "node") is missing because npm was not allowed to run install scripts, so allow them (npm config: ignore-scripts=false) and delete node_modules, or use a newer Node than ${process.versions.node}.`,
  );
}

/**
 * Runs the rest of a command under the pinned Node when this is another one, which is so on the very first start, when
 * the pinned Node was not yet there for npm to find.
 *
 * @param {string} script this script's path
 * @returns {Promise<number | undefined>} the exit code of the re-execution, or undefined when this Node is the one
 */
export async function reexecute(script) {
  const node = findNode();
  if (node === process.execPath) return undefined;
  const env = { ...process.env, BLASTDOOR_REEXECUTED: "1" };
  const { code } = await runChild(node, [script, ...process.argv.slice(2)], { stdio: "inherit", env });
  return code;
}
