import { readFileSync } from "node:fs";
import { adminApi } from "./admin-api.mjs";
import { Problem, runMain } from "./problem.mjs";

// `npm run restore -- FILE [--replace] [--revive]`: rebuilds a project from a backup, all or nothing. The epoch rises,
// so edges follow at once. What was revoked since stays so, unless --revive asks for it.

/** Characters of one part: with JSON around it, well below what the API takes. */
const PART_CHARS = 2_000_000;
const PART_ROWS = 2_000;

await runMain(async () => {
  const args = process.argv.slice(2);
  const replace = args.includes("--replace");
  const revive = args.includes("--revive");
  const file = args.find((arg) => !arg.startsWith("--"));
  if (!file) throw new Problem("Say which file: npm run restore -- FILE [--replace] [--revive]");
  const parts = partsOf(read(file));
  const project = parts[0]?.[0]?.project;
  if (!project) throw new Problem(`${file} is not a backup: its first line names no project.`);
  const api = adminApi();
  let answer;
  for (const [part, rows] of parts.entries()) {
    const last = part === parts.length - 1;
    const sent = { part, rows, last, replace, ...(revive ? { revive } : {}) };
    answer = await api("POST", `/projects/${encodeURIComponent(project)}/restore`, sent);
  }
  console.log(`"${project}" restored: revision ${answer.revision}, epoch ${answer.epoch}`);
  return 0;
});

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(file, "utf8").split("\n").filter(Boolean);
  } catch (error) {
    throw new Problem(`${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

/**
 * @param {string[]} lines
 * @returns {any[][]}
 */
function partsOf(lines) {
  /** @type {any[][]} */
  const parts = [];
  let chars = Number.POSITIVE_INFINITY;
  for (const [index, line] of lines.entries()) {
    if (chars + line.length > PART_CHARS || (parts.at(-1)?.length ?? 0) >= PART_ROWS) {
      parts.push([]);
      chars = 0;
    }
    chars += line.length;
    try {
      parts.at(-1)?.push(JSON.parse(line));
    } catch {
      throw new Problem(`Line ${index + 1} is not JSON: the file is damaged or cut off.`);
    }
  }
  return parts;
}
