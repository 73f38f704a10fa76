import { type Checkpoints, NO_CHECKPOINTS } from "./checkpoint.ts";

/**
 * The checkpoints that tests use, and the only code in an object that production never runs. It is in the bundle because
 * those tests kill the process that serves the built Worker: what they prove must hold for the very bundle that is
 * deployed. Without FAULT_SERVER, which no deployment sets, nothing here does anything; and only loopback addresses are
 * accepted, so that a stray setting cannot make a deployment call out.
 */
export function checkpoints(faultServer: string | undefined): Checkpoints {
  if (!faultServer || new URL(faultServer).hostname !== "127.0.0.1") return NO_CHECKPOINTS;
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
