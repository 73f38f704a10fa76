import type { Site } from "./site.ts";

/** "not reached": what would have shown it could not be had, which is neither good nor bad news. */
export type Verdict = "met" | "MISSED" | "not reached";

export interface Finding {
  readonly seen: string;
  readonly verdict: Verdict;
}

/** One promise, and how a deployment is held to it. Each stands in a file of its own in `checks/`. */
export interface Check {
  readonly name: string;
  readonly promised: string;
  /** What `--quick` leaves out of it. */
  readonly shortened?: string;
  /** What it throws counts as a miss: a promise that cannot be looked at is not kept. */
  run(site: Site): Promise<Finding>;
}

export const met = (seen: string): Finding => ({ seen, verdict: "met" });
export const missed = (seen: string): Finding => ({ seen, verdict: "MISSED" });
export const notReached = (seen: string): Finding => ({ seen, verdict: "not reached" });

/** A miss when the list names one, else met. */
export const unless = (misses: readonly string[], seen: string): Finding =>
  misses.length > 0 ? missed(`${misses.join("; ")}. ${seen}`) : met(seen);
