import { REFRESH_LEASE_MS, retryAfter } from "./pointer-lane.ts";
import type { ProjectState } from "./project-memory.ts";

/*
 * Which request refreshes what is known of a project. A lease is a timestamp in the state that requests share: the
 * request that takes it refreshes, and when that request dies the lease runs out. Plain functions, because every request asks them.
 */

/** For this long (ms) after a failed refresh another failure is expected. */
const FAILING_MS = 10_000;
/** So many requests at one clock reading mean that the clock stands still: then refresh regardless of age. */
const FROZEN_AFTER = 256;

/** A lease that ends further away than a lease lasts was taken before the clock was set back. */
export function takeLease(state: ProjectState, now: number): boolean {
  if (now < state.leaseUntil && state.leaseUntil - now <= REFRESH_LEASE_MS) return false;
  // A lease that ran out instead of being given back: its refresher hangs or is dead.
  if (state.leaseUntil > 0) state.failedAt = now;
  state.leaseUntil = now + REFRESH_LEASE_MS;
  return true;
}

/** The refresh has come to an end: the next one may begin as soon as it is needed. */
export function giveLeaseBack(state: ProjectState): void {
  state.leaseUntil = 0;
}

/** The refresh has failed. A store in trouble is asked once in a while, not by every request. */
export function keepLeaseAfterFailure(state: ProjectState, now: number, random: number): void {
  state.failedAt = now;
  state.leaseUntil = now + retryAfter(random);
}

/** Then nobody but the next refresher waits. A failure long ago says nothing: the store may be well again. */
export const isFailing = (state: ProjectState, now: number): boolean =>
  state.failedAt !== null && Math.abs(now - state.failedAt) < FAILING_MS;

/** Whether the clock stands still, by how many requests in a row have met this reading. Counts this one. */
export function isClockFrozen({ sameInstant }: ProjectState, now: number): boolean {
  if (sameInstant.at !== now) {
    sameInstant.at = now;
    sameInstant.count = 0;
    return false;
  }
  sameInstant.count++;
  if (sameInstant.count < FROZEN_AFTER) return false;
  sameInstant.count = 0;
  return true;
}
