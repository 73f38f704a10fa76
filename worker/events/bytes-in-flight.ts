/*
 * Bytes of the batches that an isolate has at work. When a sender hangs up, Cloudflare may cancel its request where it
 * stands, and then not even a `finally` runs (local workerd lets it end); so what is held is a lease, which ends by
 * itself. A lease begins small and grows with what has come: an announcement alone takes room from nobody.
 */

/** Longer (ms) no lease lasts, from its beginning or from when its batch was whole. */
export const BODY_LEASE_MS = 10_000;
/** Room (bytes) for a body of which nothing has come yet. */
export const FIRST_LEASE_BYTES = 256;
/** A body that has come for longer than this (ms) gives way where others find no room: an honest one is there by then. */
export const SLOW_MS = 1_000;

export interface Lease {
  readonly bytes: number;
  /** Its room went to others. Plain state, as requests may share nothing else: its owner looks, and gives up. */
  readonly lost: boolean;
  /** Takes more room, up to so many bytes in all. */
  grow(bytes: number): void;
  /** Everything has come: from here on it does not give way. */
  whole(): void;
  giveBack(): void;
}

interface Held {
  bytes: number;
  /** Epoch ms. */
  began: number;
  isComing: boolean;
  lost: boolean;
}

export class BytesInFlight {
  readonly #now: () => number;
  /** In the order in which they end. */
  readonly #leases = new Set<Held>();
  #held = 0;

  /** @param now epoch ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  get held(): number {
    const now = this.#now();
    for (const lease of this.#leases) {
      // One that began later than now was taken before the clock was set back.
      if (lease.began + BODY_LEASE_MS > now && lease.began <= now) break;
      this.#end(lease);
    }
    return this.#held;
  }

  /** Takes room until it is given back, or the lease has ended. */
  take(bytes: number): Lease {
    const lease: Held = { bytes, began: this.#now(), isComing: true, lost: false };
    this.#leases.add(lease);
    this.#held += bytes;
    return {
      get bytes() {
        return lease.bytes;
      },
      get lost() {
        return lease.lost;
      },
      grow: (to) => {
        if (lease.lost || to <= lease.bytes) return;
        if (this.#leases.has(lease)) this.#held += to - lease.bytes;
        lease.bytes = to;
      },
      whole: () => {
        if (!this.#leases.delete(lease)) return;
        lease.isComing = false;
        lease.began = this.#now();
        this.#leases.add(lease);
      },
      giveBack: () => this.#end(lease),
    };
  }

  /** Takes the room of the body that has come for the longest, if that is too long. False: there is none. */
  dropSlowest(): boolean {
    const now = this.#now();
    for (const lease of this.#leases) {
      if (now - lease.began < SLOW_MS) return false;
      if (!lease.isComing) continue;
      lease.lost = true;
      this.#end(lease);
      return true;
    }
    return false;
  }

  #end(lease: Held): void {
    if (this.#leases.delete(lease)) this.#held -= lease.bytes;
  }
}
