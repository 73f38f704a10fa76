import { realpathSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder, whatever folder a script was started from. */
export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/**
 * Whether a module is the script that node was started with, rather than imported by one.
 *
 * @param {string} moduleUrl its `import.meta.url`
 */
export function isMain(moduleUrl) {
  return process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(moduleUrl);
}
