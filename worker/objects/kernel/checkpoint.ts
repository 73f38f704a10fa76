/**
 * The steps of a write, in order. Between any two, and inside the transaction, the process may die; tests stop it at
 * each by name. Without a fault server nothing here does anything.
 */
export const WRITE_STEPS = [
  "received",
  "in-transaction",
  "committed",
  "snapshot-rendered",
  "kv-written",
  "pointer-moved",
] as const;
/** The steps of a guard's own kill, around the store's write of it. */
export const GUARD_STEPS = ["breach-written", "kill-answered", "guard-told"] as const;
type Step = (typeof WRITE_STEPS)[number] | (typeof GUARD_STEPS)[number];

export interface Checkpoints {
  /** Announces a step and waits for leave to go on. */
  reach(step: Step): Promise<void>;
  /** Keeps a transaction open for about a second, when the fault server asked for it at "in-transaction". */
  linger(): void;
}

const NONE: Checkpoints = { reach: async () => {}, linger: () => {} };

/** Only loopback addresses are accepted, so that a stray setting cannot make a deployment call out. */
export function checkpoints(faultServer: string | undefined): Checkpoints {
  if (!faultServer || new URL(faultServer).hostname !== "127.0.0.1") return NONE;
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
