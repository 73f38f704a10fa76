import { STORING_PER_KEY, STORING_PER_NETWORK } from "../../../shared/limits.ts";
import type { SnapshotKey } from "../../../shared/schema/snapshot.ts";

/** Buckets of one isolate, some 100 bytes each. */
const MAX_BUCKETS = 10_000;

/** Requests a second, and how many may be saved up. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  rate: Rate;
  /** When the tokens were last counted (epoch ms). */
  at: number;
}

/**
 * Token buckets in this isolate's memory: each name may ask `perSecond` times a second and save up to `burst`
 * requests. Approximate by design, because an exact count would make every evaluation wait for a common counter: each
 * isolate counts its own requests, so a key that is busy in several gets its rate in each of them.
 */
export class Rates {
  readonly #buckets = new Map<string, Bucket>();
  readonly #most: number;

  constructor(most = MAX_BUCKETS) {
    this.#most = most;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Takes one request off. 0: it may pass; else whole seconds to wait until one may. */
  take(name: string, rate: Rate, now: number): number {
    let bucket = this.#buckets.get(name);
    if (!bucket) {
      if (this.#buckets.size >= this.#most) this.#makeRoom(now);
      bucket = { tokens: rate.burst, rate, at: now };
      this.#buckets.set(name, bucket);
    }
    bucket.tokens = tokensAt(bucket, rate, now);
    bucket.rate = rate;
    bucket.at = now;
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return 0;
    }
    return Math.max(1, Math.ceil((1 - bucket.tokens) / rate.perSecond));
  }

  /** A full bucket says nothing that a new one would not; when none is full, the one idle for longest goes. */
  #makeRoom(now: number): void {
    let idle: string | undefined;
    let idleSince = Number.POSITIVE_INFINITY;
    for (const [name, bucket] of this.#buckets) {
      if (tokensAt(bucket, bucket.rate, now) >= bucket.rate.burst) this.#buckets.delete(name);
      else if (bucket.at < idleSince) {
        idle = name;
        idleSince = bucket.at;
      }
    }
    if (this.#buckets.size >= this.#most && idle !== undefined) this.#buckets.delete(idle);
  }
}

/** A clock that was set back gives nothing, and takes nothing. */
const tokensAt = ({ tokens, at }: Bucket, { perSecond, burst }: Rate, now: number): number =>
  Math.min(burst, tokens + (Math.max(0, now - at) * perSecond) / 1_000);

/** The limits that administrators set, by key. Only keys that were recognised get a bucket. */
export class KeyRates {
  readonly #rates: Rates;

  constructor(most?: number) {
    this.#rates = new Rates(most);
  }

  /** Takes one request of this key off. 0: it may pass; else whole seconds to wait until one may. */
  take({ id, limit }: SnapshotKey, now: number): number {
    return limit ? this.#rates.take(id, limit, now) : 0;
  }
}

/** Of this isolate. */
export const keyRates = new KeyRates();

/**
 * The bounds of routes that store, which hold for every key: of the key, and of a client key's networks one by one.
 * Networks are counted apart from keys, so that many of them push no key's count out.
 */
export class StoringRates {
  readonly #keys = new Rates();
  readonly #networks = new Rates();

  /** @param network null: a server's, which speaks for people of many networks, or not known */
  take(keyId: string, network: string | null, now: number): number {
    const wait = network === null ? 0 : this.#networks.take(`${keyId} ${network}`, STORING_PER_NETWORK, now);
    return wait > 0 ? wait : this.#keys.take(keyId, STORING_PER_KEY, now);
  }
}

/** Of this isolate. */
export const storingRates = new StoringRates();
