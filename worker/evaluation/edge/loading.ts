import type { Kill } from "../../../shared/schema/snapshot.ts";
import type { HeldBlock } from "./held-block.ts";

/** Who loads shows a sign of life at least this often (ms); after it, the next request takes the load over. */
export const LOAD_LEASE_MS = 1_000;
/** In place of a hash: the copy of last resort, which gives way to whatever can be had. */
export const LAST_COPY = "";
/** What did not fit beside others is tried again after this long (ms): they may have gone meanwhile. */
const REFUSED_MS = 30_000;

/**
 * One environment's next version on its way into memory. One request loads at a time, so that no isolate builds the
 * same version twice side by side; like the pointer's lease this is plain state, and a request that dies loses its turn.
 * What has come stays for the one that takes over, and for a later version that names the same blocks.
 */
export class Loading {
  readonly blocks = new Map<string, HeldBlock>();
  /** Bytes that it takes, or will have taken when it is done. */
  reserved = 0;
  /** Kills of the version that had to go before this one could be compiled. */
  kills: readonly Kill[] = [];
  #refused: { hash: string; at: number; forGood: boolean } | null = null;
  #hash = LAST_COPY;
  #turn = 0;
  #until = 0;
  #signs = 0;

  /** Counts up with each sign of life. */
  get signs(): number {
    return this.#signs;
  }

  /** A lease that ends further away than one lasts was taken before the clock was set back. */
  isLive(now: number): boolean {
    return now < this.#until && this.#until - now <= LOAD_LEASE_MS;
  }

  /**
   * The caller's turn; null while somebody else loads. Who waits for the copy of last resort has waited for the real
   * version long enough, and takes the turn from it.
   */
  begin(hash: string, now: number): number | null {
    if (this.isLive(now) && (hash !== LAST_COPY || this.#hash === LAST_COPY)) return null;
    this.#hash = hash;
    const turn = ++this.#turn;
    this.renew(turn, now);
    return turn;
  }

  /** A sign of life. False: the turn is over, and whatever was being done is to be dropped. */
  renew(turn: number, now: number): boolean {
    if (turn !== this.#turn) return false;
    this.#until = now + LOAD_LEASE_MS;
    this.#signs++;
    return true;
  }

  /** What came and is not in use yet stays, and counts. */
  end(turn: number): void {
    if (turn !== this.#turn) return;
    this.#turn++;
    this.#until = 0;
    this.reserved = 0;
    for (const { bytes } of this.blocks.values()) this.reserved += bytes;
  }

  /** Its request is gone: the next one may have the turn. */
  expire(): void {
    this.#until = 0;
  }

  /** Ends the present turn, and drops everything. */
  stop(): void {
    this.#turn++;
    this.#until = 0;
    this.reserved = 0;
    this.blocks.clear();
  }

  /** @param forGood whether it would not even fit in an isolate of its own */
  refuse(hash: string, now: number, forGood: boolean): void {
    this.#refused = { hash, at: now, forGood };
  }

  isRefused(hash: string, now: number): boolean {
    const refused = this.#refused;
    return refused?.hash === hash && (refused.forGood || Math.abs(now - refused.at) < REFUSED_MS);
  }
}
