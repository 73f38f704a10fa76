/** Something the person at the keyboard can put right: shown as its one sentence, without a stack trace. */
export class Problem extends Error {}

/** A run ended by SIGINT or SIGTERM, not by a fault. */
export class Interrupted extends Error {
  /** @param {"SIGINT" | "SIGTERM"} signal */
  constructor(signal) {
    super(`stopped by ${signal}`);
    this.signal = signal;
  }
}

/**
 * Runs a command's main function and ends the process with its exit code.
 *
 * @param {() => Promise<number>} main
 */
export async function runMain(main) {
  // The reader of our output may be gone (npm killed with SIGKILL). That must not stop the clean-up.
  process.stdout.on("error", () => {});
  process.stderr.on("error", () => {});
  try {
    process.exit(await main());
  } catch (error) {
    if (error instanceof Interrupted) process.exit(error.signal === "SIGINT" ? 130 : 143);
    console.error(error instanceof Problem ? error.message : error);
    process.exit(1);
  }
}
