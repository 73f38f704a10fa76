import { WaitingPlaces } from "../../waiting-places.ts";
import type { CurrentOptions, Known, Loaded } from "./loaded.ts";

/*
 * A stream tells its client the ETag of a result, and the client comes back with it for that result. This isolate may
 * not know it yet, so it refreshes before it answers. Anybody with a client key can send made-up ETags, so the data
 * centre's cache comes first, and each key makes an isolate ask the store a bounded number of times; beyond, requests
 * wait for the refresh that comes by itself, and beyond a number of those they get what is known, at most a second old.
 */

/** However many clients come with news, so long (ms) lies between what they make an isolate ask the store. */
const GAP_MS = 50;
/** Clients of one key make an isolate ask so often at once, and then so often a second. */
export const REFETCHES_AT_ONCE = 3;
export const REFETCHES_PER_S = 1;
/** A request of a key that has used that up waits this long (ms) for news, looking this often (ms). */
const HOLD_MS = 1_000;
const HOLD_STEP_MS = 50;
/** Requests that wait, of all keys and of one. */
const MAX_HELD = 400;
const MAX_HELD_OF_KEY = 100;
/** A place is kept this long (ms): looking may take as long as a warm request waits for its refresh. */
const HELD_LEASE_MS = 5_000;
/** Keys that are counted; beyond, the one that asked longest ago begins anew. */
const MAX_KEYS = 1_000;
/** As `evaluateAll` makes them. */
const ETAG = /^[0-9a-f]{16}$/;

export interface RefetchDeps {
  now(): number;
  wait(ms: number): Promise<void>;
  /** How old (ms) what this isolate knows is. */
  age(): number;
  current(options?: CurrentOptions): Known | Promise<Known>;
  /** ETag of what the client would be answered. */
  etagOf(loaded: Loaded): Promise<string>;
}

/** Of one isolate. */
export class Refetches {
  readonly #buckets = new Map<string, { tokens: number; at: number }>();
  readonly #waiting = new WaitingPlaces({ most: MAX_HELD, mostOfKey: MAX_HELD_OF_KEY, leaseMs: HELD_LEASE_MS });

  /** What to answer a client with that was told of the result `told`. */
  async asNewAs(told: string, keyId: string, loaded: Loaded, deps: RefetchDeps): Promise<Loaded> {
    if (!ETAG.test(told) || (await deps.etagOf(loaded)) === told) return loaded;
    const cameAt = deps.now();
    // What was learnt before the client came may be older than what it was told, if only by moments.
    const age = deps.age();
    if (age < GAP_MS) await deps.wait(GAP_MS - age);
    const isNewEnough = () => deps.age() <= deps.now() - cameAt;
    if (isNewEnough()) return latestOf(await deps.current(), loaded);
    const refetched = () => deps.current({ maxAgeMs: Math.max(0, deps.now() - cameAt) });
    if (this.#take(keyId, deps.now())) return latestOf(await refetched(), loaded);
    const giveBack = this.#waiting.take(keyId, deps.now());
    if (!giveBack) return loaded;
    try {
      let seen = loaded;
      for (let waited = 0; waited < HOLD_MS; waited += HOLD_STEP_MS) {
        await deps.wait(HOLD_STEP_MS);
        const latest = latestOf(await deps.current(), seen);
        if (isNewEnough()) return latest;
        if (markOf(latest) !== markOf(seen) && (await deps.etagOf(latest)) === told) return latest;
        seen = latest;
        if (this.#take(keyId, deps.now())) return latestOf(await refetched(), seen);
      }
      return seen;
    } finally {
      giveBack();
    }
  }

  /** Takes one question to the store off the key's count, if there is one left. */
  #take(keyId: string, now: number): boolean {
    let bucket = this.#buckets.get(keyId);
    if (!bucket) {
      if (this.#buckets.size >= MAX_KEYS) {
        for (const oldest of this.#buckets.keys()) {
          this.#buckets.delete(oldest);
          break;
        }
      }
      bucket = { tokens: REFETCHES_AT_ONCE, at: now };
      this.#buckets.set(keyId, bucket);
    }
    // A clock that was set back gives nothing, and takes nothing.
    const earned = (Math.max(0, now - bucket.at) * REFETCHES_PER_S) / 1_000;
    bucket.tokens = Math.min(REFETCHES_AT_ONCE, bucket.tokens + earned);
    bucket.at = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }
}

const latestOf = (known: Known, otherwise: Loaded): Loaded => (typeof known === "string" ? otherwise : known);

const markOf = (loaded: Loaded): string => `${loaded.hash} ${loaded.killsChanged}`;

/** Of this isolate. */
export const refetches = new Refetches();
