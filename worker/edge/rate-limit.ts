import type { SnapshotKey } from "../../shared/schema/snapshot.ts";

/** Keys whose rate is counted in one isolate; beyond, all counts begin anew. */
const MAX_KEYS = 1_000;

interface Bucket {
  tokens: number;
  /** When the tokens were last counted (epoch ms). */
  at: number;
}

/**
 * Token buckets in this isolate's memory: a key may ask `limit.perSecond` times a second and save up to `limit.burst`
 * requests. Approximate by design, because an exact count would make every evaluation wait for a common counter: each
 * isolate counts its own requests, so a key that is busy in several gets its rate in each of them.
 */
export class KeyRates {
  readonly #buckets = new Map<string, Bucket>();

  /** Takes one request off. 0: it may pass; else whole seconds to wait until one may. */
  take({ id, limit }: SnapshotKey, now: number): number {
    if (!limit) return 0;
    const { perSecond, burst } = limit;
    let bucket = this.#buckets.get(id);
    if (!bucket) {
      if (this.#buckets.size >= MAX_KEYS) this.#buckets.clear();
      bucket = { tokens: burst, at: now };
      this.#buckets.set(id, bucket);
    }
    // A clock that was set back gives nothing, and takes nothing.
    const earned = (Math.max(0, now - bucket.at) * perSecond) / 1_000;
    bucket.tokens = Math.min(burst, bucket.tokens + earned);
    bucket.at = now;
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return 0;
    }
    return Math.max(1, Math.ceil((1 - bucket.tokens) / perSecond));
  }
}

/** Of this isolate. */
export const keyRates = new KeyRates();
