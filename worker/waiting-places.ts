export interface PlaceLimits {
  /** Of all keys together, and of one. */
  readonly most: number;
  readonly mostOfKey: number;
  /** Longer (ms) than anybody waits. */
  readonly leaseMs: number;
}

/**
 * Bounds how many requests wait for something. A place is a lease: Cloudflare may cancel a request where it stands, and
 * then no `finally` gives its place back.
 */
export class WaitingPlaces {
  readonly #limits: PlaceLimits;
  /** In the order in which they were taken, which is that in which they end. */
  readonly #taken = new Set<{ readonly key: string; readonly until: number }>();
  readonly #ofKey = new Map<string, number>();

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  /** What gives the place back; null when there is none. */
  take(key: string, now: number): (() => void) | null {
    this.#sweep(now);
    const { most, mostOfKey, leaseMs } = this.#limits;
    const ofKey = this.#ofKey.get(key) ?? 0;
    if (ofKey >= mostOfKey || this.#taken.size >= most) return null;
    const place = { key, until: now + leaseMs };
    this.#taken.add(place);
    this.#ofKey.set(key, ofKey + 1);
    return () => this.#remove(place);
  }

  #sweep(now: number): void {
    for (const place of this.#taken) {
      // One that ends further away than a lease lasts was taken before the clock was set back.
      if (place.until > now && place.until - now <= this.#limits.leaseMs) break;
      this.#remove(place);
    }
  }

  #remove(place: { readonly key: string; readonly until: number }): void {
    if (!this.#taken.delete(place)) return;
    const left = (this.#ofKey.get(place.key) ?? 1) - 1;
    if (left === 0) this.#ofKey.delete(place.key);
    else this.#ofKey.set(place.key, left);
  }
}
