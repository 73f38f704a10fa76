/*
 * Bytes of the batches that an isolate has at work. When a sender hangs up, Cloudflare may cancel its request where it
 * stands, and then not even a `finally` runs (local workerd lets it end); so what is held is a lease, which ends by
 * itself.
 */

/** Longer (ms) no lease lasts. */
export const LEASE_MS = 10_000;

interface Lease {
  readonly bytes: number;
  /** Epoch ms. */
  readonly ends: number;
}

export class BytesInFlight {
  readonly #now: () => number;
  /** In the order in which they end. */
  readonly #leases = new Set<Lease>();
  #held = 0;

  /** @param now epoch ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  get held(): number {
    const now = this.#now();
    for (const lease of this.#leases) {
      // One that ends further away than a lease lasts was taken before the clock was set back.
      if (lease.ends > now && lease.ends - now <= LEASE_MS) break;
      this.#end(lease);
    }
    return this.#held;
  }

  /** Takes room until what is returned is called, or the lease has ended. */
  take(bytes: number): () => void {
    const lease = { bytes, ends: this.#now() + LEASE_MS };
    this.#leases.add(lease);
    this.#held += bytes;
    return () => this.#end(lease);
  }

  #end(lease: Lease): void {
    if (this.#leases.delete(lease)) this.#held -= lease.bytes;
  }
}
