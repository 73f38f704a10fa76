import { type Checkpoints, NO_CHECKPOINTS } from "../objects/kernel/checkpoint.ts";

/**
 * Checkpoints that ask a fault server for leave at each step, so that a test can stop or kill the process there. Only
 * Workers made for tests load this: `worker/index.ts` gives objects none.
 */
export function checkpoints(faultServer: string | undefined): Checkpoints {
  if (!faultServer) return NO_CHECKPOINTS;
  let lingering = false;
  return {
    async reach(step) {
      const response = await fetch(new URL(`/step/${step}`, faultServer), { method: "POST" });
      lingering = (await response.text()) === "linger";
    },
    linger() {
      if (!lingering) return;
      lingering = false;
      // The clock stands still while a Worker computes, so the time is counted in turns.
      let turns = 0;
      while (turns < 3_000_000_000) turns++;
    },
  };
}
