import { ownOf } from "../../../shared/own.ts";
import type { Slug } from "../../../shared/schema/names.ts";
import type { Pointer } from "../../../shared/schema/pointer.ts";
import type { Kill } from "../../../shared/schema/snapshot.ts";

/**
 * The laws of the pointer lane, pure: how old knowledge may be, which of two pointers counts, and which kills are in
 * force when pointer, snapshot and break-glass disagree.
 */

/** Younger than this (ms): answer at once. */
export const FRESH_MS = 500;
/** Younger than this (ms): answer at once and refresh behind the request. Older: wait for the refresh. */
export const STALE_MS = 1_000;
/**
 * A relay's copy is good for longer, since it brings up to a second and a half of age with it: a far answer would have to
 * be waited for, and two seconds are promised.
 */
export const RELAYED_STALE_MS = 1_750;
/** An environment with `stale-while-revalidate` answers at once below this age (ms); beyond it, it waits as others do. */
export const REVALIDATE_MS = 60_000;
/** A request waits this long (ms) for a refresh when it has something to serve … */
export const WAIT_WARM_MS = 150;
/** … this long when what it has is older than the promised bound, as in an isolate that was idle … */
export const WAIT_OVERDUE_MS = 1_000;
/** … and this long when it has nothing. */
export const WAIT_COLD_MS = 2_000;
/** The promise: a kill is in force this long (ms) after its commit, plus one round trip of a refresh. */
export const BOUND_MS = 2_000;
/** The refresher holds the lease this long (ms). If its request dies, the next one takes over after it. */
export const REFRESH_LEASE_MS = 1_000;

/** A pointer in memory, with the moment by this isolate's own clock from which its age counts. */
export interface HeldPointer {
  pointer: Pointer;
  stampedAt: number;
  /** From this age (ms) on a request waits for a newer one; STALE_MS unless it says otherwise. */
  staleAge?: number;
}

/** What the pointer says of an environment. Its own entries only: a name such as "constructor" is in every object. */
export const namedIn = (held: HeldPointer | null, environment: Slug): Pointer["environments"][string] | undefined =>
  ownOf(held?.pointer.environments, environment);

export type Freshness = "fresh" | "aging" | "stale";

/** A negative age means that the clock was set back: then nothing is known about the age. */
export function ageOf(held: HeldPointer | null, now: number): number {
  if (!held || now < held.stampedAt) return Number.POSITIVE_INFINITY;
  return now - held.stampedAt;
}

/** `refreshAge`: from which age this isolate refreshes what it holds, drawn by `refreshAgeOf`. */
export const freshness = (age: number, refreshAge = FRESH_MS, staleAge = STALE_MS): Freshness =>
  age < refreshAge ? "fresh" : age < staleAge ? "aging" : "stale";

/** Whether an environment's setting lets it answer from knowledge of this age while a newer one is fetched. */
export const mayRevalidate = (held: HeldPointer | null, environment: Slug, age: number): boolean =>
  age < REVALIDATE_MS && namedIn(held, environment)?.freshness === "stale-while-revalidate";

/** Scale (ms) of the draw below: about the round trip of a far data centre. */
const SPREAD_MS = 150;
const EARLIEST = Math.exp((FRESH_MS - STALE_MS) / SPREAD_MS);

/**
 * The age (ms) from which an isolate refreshes, for a random number in [0, 1): between FRESH_MS and STALE_MS, seldom
 * early and often late. The isolates of a data centre share a copy, so all would ask the store in the same instant.
 * With exponential odds the earliest of them goes well before the others, and these find its claim or its answer in
 * the cache; a uniform draw would send as many as fit into the milliseconds that a claim takes to be seen.
 */
export const refreshAgeOf = (random: number): number =>
  STALE_MS + SPREAD_MS * Math.log(EARLIEST + random * (1 - EARLIEST));

/**
 * How long (ms) a request waits for a refresh, given the age of what it could be served. Past the bound it waits
 * for a far store's round trip rather than break the promise, unless refreshes have begun to fail.
 */
export const waitFor = (age: number, failing: boolean): number =>
  age >= BOUND_MS && !failing ? WAIT_OVERDUE_MS : WAIT_WARM_MS;

/** After a failed refresh the next one comes after this long (ms): spread, so that a crowd does not return as one. */
export const retryAfter = (random: number): number => REFRESH_LEASE_MS * (0.5 + random / 2);

/** A claim to be asking the store counts this long (ms), a little longer than a far round trip. */
export const CLAIM_MS = 400;
/** Pauses (ms) between looks for the answer that another isolate of the data centre is fetching; longer than a claim. */
export const CLAIM_PAUSES_MS = [25, 50, 100, 250] as const;

/** Whether another isolate of the data centre is asking the store, so that this one need not. */
export const isClaimed = (claimedAt: number | null, now: number): boolean =>
  claimedAt !== null && Math.abs(now - claimedAt) < CLAIM_MS;

/**
 * Places an answer of the store on this isolate's clock. The store stamped it after it was asked, so counting from
 * `askedAt` can only overstate its age; how far the two clocks are apart follows (ms, store minus isolate).
 */
export function placeAnswer(pointer: Pointer, askedAt: number): { held: HeldPointer; clockOffset: number } {
  return { held: { pointer, stampedAt: askedAt }, clockOffset: pointer.asOf - askedAt };
}

/**
 * Places a data centre's copy by the store's own stamp. Null when its age cannot be believed: without a known offset
 * between the clocks, a copy from the future or from long ago says more about the clocks than about the copy.
 */
export function placeCopy(pointer: Pointer, now: number, clockOffset: number | null): HeldPointer | null {
  const held = { pointer, stampedAt: pointer.asOf - (clockOffset ?? 0) };
  return freshness(ageOf(held, now)) === "stale" ? null : held;
}

/**
 * Places a relay's copy, by what the relay says of its age and by the store's own stamp, whichever makes it older: so
 * neither a relay whose clock stands still nor a wrong clock here makes it young. Null when it is too old.
 */
export function placeRelayed(
  { pointer, ageMs }: { pointer: Pointer; ageMs: number },
  askedAt: number,
  now: number,
  clockOffset: number | null,
): HeldPointer | null {
  const stampedAt = Math.min(askedAt - ageMs, pointer.asOf - (clockOffset ?? 0));
  const held = { pointer, stampedAt, staleAge: RELAYED_STALE_MS };
  return ageOf(held, now) < RELAYED_STALE_MS ? held : null;
}

const publishedSum = (pointer: Pointer): number =>
  Object.values(pointer.environments).reduce((sum, { revision }) => sum + revision, 0);

/** Never to a lower (epoch, revision), nor back to a publication before the one known. Equals count as newer. */
export function supersedes(next: Pointer, current: Pointer | undefined): boolean {
  if (!current) return true;
  if (next.epoch !== current.epoch) return next.epoch > current.epoch;
  if (next.revision !== current.revision) return next.revision > current.revision;
  return publishedSum(next) >= publishedSum(current);
}

/**
 * Added kills apply at once. A kill that the pointer no longer names is dropped only when the snapshot in memory is
 * at least the one that the pointer names: the store keeps naming a restored kill until the snapshot without it is
 * out, so an older snapshot can never re-open a killed rollout.
 */
export function killsInForce(
  inForce: readonly Kill[],
  loaded: { epoch: number; revision: number },
  named: { epoch: number; revision: number; kills: readonly Kill[] },
): readonly Kill[] {
  const reached = loaded.epoch === named.epoch ? loaded.revision >= named.revision : loaded.epoch > named.epoch;
  return reached ? named.kills : united(named.kills, inForce);
}

/** Both lists, each kill once. */
export function united(first: readonly Kill[], second: readonly Kill[]): readonly Kill[] {
  if (second.length === 0) return first;
  const ids = new Set(first.map((kill) => kill.id));
  return [...first, ...second.filter((kill) => !ids.has(kill.id))];
}

/** Break-glass kills that nobody has restored since. */
export const unrestored = (kills: readonly Kill[], tombstones: readonly string[]): readonly Kill[] =>
  tombstones.length === 0 ? kills : kills.filter((kill) => !tombstones.includes(kill.id));
