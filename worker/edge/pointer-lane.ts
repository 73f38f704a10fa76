import type { Pointer } from "../../shared/schema/pointer.ts";
import type { Kill } from "../../shared/schema/snapshot.ts";

/**
 * The laws of the pointer lane, pure: how old knowledge may be, which of two pointers counts, and which kills are in
 * force when pointer and snapshot disagree.
 */

/** Younger than this (ms): answer at once. */
export const FRESH_MS = 500;
/** Younger than this (ms): answer at once and refresh behind the request. Older: wait for the refresh. */
export const STALE_MS = 1_000;
/** A request waits this long (ms) for a refresh when it has something to serve … */
export const WAIT_WARM_MS = 150;
/** … and this long when it has nothing. */
export const WAIT_COLD_MS = 2_000;
/** Whoever refreshes holds the lease this long (ms); if their request dies, the next one takes over after it. */
export const LEASE_MS = 1_000;

export type Freshness = "fresh" | "aging" | "stale";

export function freshness(pointer: Pointer | null, now: number): Freshness {
  if (!pointer) return "stale";
  const age = now - pointer.asOf;
  return age < FRESH_MS ? "fresh" : age < STALE_MS ? "aging" : "stale";
}

/** Never to a lower (epoch, revision); of two with the same, the one that has published further or was read later. */
export function supersedes(next: Pointer, current: Pointer | null): boolean {
  if (!current) return true;
  if (next.epoch !== current.epoch) return next.epoch > current.epoch;
  if (next.revision !== current.revision) return next.revision > current.revision;
  return next.asOf >= current.asOf;
}

/**
 * Added kills apply at once. A kill that the pointer no longer names is dropped only when the snapshot in memory is
 * the one that the pointer names: the store keeps naming a restored kill until the snapshot without it is out, so an
 * older snapshot can never re-open a killed rollout.
 */
export function killsInForce(
  inForce: readonly Kill[],
  loadedRevision: number,
  named: { revision: number; kills: readonly Kill[] },
): Kill[] {
  if (loadedRevision >= named.revision) return [...named.kills];
  const added = new Set(named.kills.map((kill) => kill.id));
  return [...named.kills, ...inForce.filter((kill) => !added.has(kill.id))];
}
