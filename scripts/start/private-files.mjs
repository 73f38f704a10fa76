import { chmodSync, lstatSync, readdirSync } from "node:fs";
import path from "node:path";

/** What a start writes into its state folder. Nothing else in a folder that somebody named is ours to change. */
const OURS = /^(?:v3|config|registry|tmp|wrangler-logs|wrangler\.log(?:\.1)?|run\.env|start\.lock)$/;
const STICKY = 0o1000;

/**
 * Lets nobody but their owner read what earlier starts left in a state folder: an earlier version made these files
 * readable by everybody, and a project's sealing key is among them. The folder itself is closed too, unless it belongs to
 * somebody else or is shared by design, such as /tmp.
 *
 * @param {string} stateDir
 */
export function makePrivate(stateDir) {
  const { mode, uid } = lstatSync(stateDir);
  if ((mode & STICKY) === 0 && uid === process.getuid?.()) setMode(stateDir, mode, 0o700);
  for (const name of readdirSync(stateDir)) if (OURS.test(name)) closeTree(path.join(stateDir, name));
}

/** @param {string} file */
function closeTree(file) {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  // A link is not followed: what it leads to may be anything.
  if (!stat || stat.isSymbolicLink()) return;
  if (!stat.isDirectory()) return setMode(file, stat.mode, 0o600);
  setMode(file, stat.mode, 0o700);
  for (const name of readdirSync(file)) closeTree(path.join(file, name));
}

/**
 * @param {string} file
 * @param {number} mode as it is
 * @param {number} wanted
 */
function setMode(file, mode, wanted) {
  if ((mode & 0o777) === wanted) return;
  try {
    chmodSync(file, wanted);
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    // Gone meanwhile, or another user's: then it cannot be ours to close.
    if (code !== "ENOENT" && code !== "EPERM") throw error;
  }
}
