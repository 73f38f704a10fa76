import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

/**
 * The living processes started, however far down, with this state folder: npm, the start script, wrangler, workerd. They
 * inherit their environment, and a state folder belongs to one test, so nothing of anybody else is ever counted.
 *
 * @returns one text a process, "PID command"
 */
export function processesOf(stateDir: string): string[] {
  if (!existsSync("/proc/self/environ")) return listWithPs(stateDir);
  const mark = `STATE_DIR=${stateDir}`;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        // A zombie's environment is empty: it is gone but for its exit code.
        if (!readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(mark)) return [];
        return [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").join(" ").trim()}`];
      } catch {
        return [];
      }
    });
}

function listWithPs(stateDir: string): string[] {
  return execFileSync("ps", ["-A", "-E", "-ww", "-o", "pid=,command="], { encoding: "utf8", maxBuffer: 1 << 26 })
    .split("\n")
    .filter((line) => `${line} `.includes(` STATE_DIR=${stateDir} `))
    .map((line) => line.trim());
}
