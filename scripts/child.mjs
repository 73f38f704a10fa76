import { spawn } from "node:child_process";
import { Interrupted } from "./problem.mjs";

const SIGNALS = /** @type {const} */ (["SIGINT", "SIGTERM"]);

/**
 * Runs a command to its end, passing our signals on to it, so that stopping us never leaves it behind.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {import("node:child_process").SpawnOptions} options
 * @returns {Promise<{ code: number, output: string }>} the exit code, and what was written to piped outputs
 * @throws {Interrupted} when a signal ended the run
 */
export function runChild(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, options);
    let output = "";
    /** @type {"SIGINT" | "SIGTERM" | undefined} */
    let interruptedBy;
    const forward = SIGNALS.map((signal) => {
      const handler = () => {
        interruptedBy ??= signal;
        child.kill(signal);
      };
      process.on(signal, handler);
      return () => process.off(signal, handler);
    });
    const stopWatching = watchParent(() => {
      interruptedBy ??= "SIGTERM";
      child.kill("SIGTERM");
    });
    const settle = () => {
      stopWatching();
      for (const off of forward) off();
    };
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk) => {
        output += chunk;
      });
    }
    child.on("error", (error) => {
      settle();
      reject(error);
    });
    child.on("close", (code) => {
      settle();
      // A child that handled the signal and ended with 0 did what was asked of it.
      if (interruptedBy && code !== 0) reject(new Interrupted(interruptedBy));
      else resolve({ code: code ?? 1, output });
    });
  });
}

/** Read at once: a parent killed during the first moments is still noticed. */
const initialParent = process.ppid;

/**
 * Calls back once when the process that started us is gone. SIGKILL of npm reaches nobody else: the only trace of it
 * is that we get another parent.
 *
 * Only under npm, or under this project's own re-execution: `nohup node scripts/start.mjs &` is meant to outlive its
 * shell.
 *
 * @param {() => void} onGone
 * @returns {() => void} stops watching
 */
export function watchParent(onGone) {
  if (!process.env.npm_lifecycle_event && !process.env.BLASTDOOR_REEXECUTED) return () => {};
  const timer = setInterval(() => {
    if (process.ppid === initialParent) return;
    clearInterval(timer);
    onGone();
  }, 200);
  timer.unref();
  return () => clearInterval(timer);
}
