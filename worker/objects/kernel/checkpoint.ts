/**
 * The steps of a write, in order. Between any two, and inside the transaction, the process may die; tests stop it at
 * each by name (`worker/testing/checkpoints.ts`). In production nobody waits at a step.
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
/** Steps of a publication that takes several slices, or several values: each may come more than once. */
export const BLOCK_STEPS = ["slice-rendered", "block-written"] as const;
export type Step = (typeof WRITE_STEPS)[number] | (typeof GUARD_STEPS)[number] | (typeof BLOCK_STEPS)[number];

export interface Checkpoints {
  /** Announces a step and waits for leave to go on. */
  reach(step: Step): Promise<void>;
  /** Called inside the transaction, where nothing can wait: a test may keep it open for a while. */
  linger(): void;
}

export const NO_CHECKPOINTS: Checkpoints = { reach: async () => {}, linger: () => {} };
