import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { root } from "../process/server.ts";

/** One shell block of a page: what it runs, and the line that it begins at. */
export interface ShellBlock {
  readonly line: number;
  readonly code: string;
}

/** The blocks marked `sh` of a page, in order. */
export function shellBlocks(page: string): ShellBlock[] {
  const text = readFileSync(path.join(root, page), "utf8");
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(({ index, 1: code = "" }) => ({
    line: text.slice(0, index).split("\n").length + 1,
    code,
  }));
}

/** What a block printed, and the answers that its comments (`# {…}`) promise. */
export interface BlockRun extends ShellBlock {
  readonly output: string;
  readonly promised: readonly unknown[];
}

const SEPARATOR = "--- block ends ---";

/**
 * Runs blocks one after another in one shell and one empty folder, as a reader would. Values that the page has the
 * reader fill in (`…`) come from `env` instead.
 *
 * @throws with the line of the block that fails
 */
export async function runBlocks(blocks: readonly ShellBlock[], env: Record<string, string>): Promise<BlockRun[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "blastdoor-page-"));
  const given = new RegExp(`^export (?:${Object.keys(env).join("|")})=.*$`, "gm");
  const script = blocks
    .map(({ line, code }) => `LINE=${line}\n${code.replaceAll(given, "")}\necho '\n${SEPARATOR}'`)
    .join("\n");
  const program = `set -Eeuo pipefail\ntrap 'echo "the block at line $LINE fails" >&2' ERR\n${script}`;
  try {
    const options = { cwd: folder, env: { ...process.env, ...env }, maxBuffer: 64 * 2 ** 20 };
    const { stdout } = await promisify(execFile)("bash", ["-c", program], options).catch((error) => {
      throw new Error(`${error.stderr}\n${String(error.stdout).slice(-1_000)}`);
    });
    const outputs = stdout.split(`${SEPARATOR}\n`);
    return blocks.map((block, n) => ({ ...block, output: outputs[n] ?? "", promised: promisedBy(block) }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const promisedBy = ({ code }: ShellBlock): unknown[] =>
  [...code.matchAll(/^# (\{.*\})$/gm)].map(([, json = ""]) => JSON.parse(json));
