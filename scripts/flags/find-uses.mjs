import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

/** Folders that hold others' code, or what was made from one's own. */
const SKIPPED = new Set([
  "node_modules",
  "dist",
  "build",
  "out",
  "target",
  "vendor",
  "coverage",
  "__pycache__",
  "venv",
]);
/** Bytes beyond which a file is no source. */
const MAX_BYTES = 1024 * 1024;

/** @typedef {{ file: string, line: number }} Use */

/**
 * Lines in which a flag's key stands as a whole string (in quotes of any kind), by key. Code asks for flags by strings;
 * a key that is an everyday word would be found everywhere else.
 *
 * @param {string} text
 * @param {ReadonlySet<string>} keys
 * @returns {Map<string, number[]>} lines, from 1
 */
export function usesIn(text, keys) {
  /** @type {Map<string, number[]>} */
  const found = new Map();
  for (const [index, line] of text.split("\n").entries()) {
    for (const [, quoted = ""] of line.matchAll(/(?<=["'`])([A-Za-z0-9][A-Za-z0-9._-]{0,99})(?=["'`])/g)) {
      if (!keys.has(quoted)) continue;
      const lines = found.get(quoted) ?? [];
      if (lines.at(-1) !== index + 1) lines.push(index + 1);
      found.set(quoted, lines);
    }
  }
  return found;
}

/**
 * Uses of flags in the files under a folder, or in one file, by key. Files of the folder's own in `paths` order.
 *
 * @param {string} from
 * @param {ReadonlySet<string>} keys
 * @returns {{ uses: Map<string, Use[]>, files: number }}
 */
export function findUses(from, keys) {
  /** @type {Map<string, Use[]>} */
  const uses = new Map();
  let files = 0;
  for (const file of sourceFiles(from)) {
    const bytes = readFileSync(file);
    if (bytes.includes(0)) continue;
    files++;
    for (const [key, lines] of usesIn(bytes.toString("utf8"), keys)) {
      const name = path.relative(from, file) || path.basename(file);
      uses.set(key, [...(uses.get(key) ?? []), ...lines.map((line) => ({ file: name, line }))]);
    }
  }
  return { uses, files };
}

/**
 * @param {string} from
 * @returns {Generator<string>}
 */
function* sourceFiles(from) {
  const stat = statSync(from);
  if (stat.isFile()) {
    if (stat.size <= MAX_BYTES) yield from;
    return;
  }
  if (!stat.isDirectory()) return;
  for (const entry of readdirSync(from, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    // Links may lead out of the tree, or round in it.
    if (entry.isSymbolicLink() || entry.name.startsWith(".") || SKIPPED.has(entry.name)) continue;
    yield* sourceFiles(path.join(from, entry.name));
  }
}
