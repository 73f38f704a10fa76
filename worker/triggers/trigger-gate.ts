import { type Rate, Rates } from "../evaluation/edge/rate-limit.ts";

/** Tokens that nothing vouches for, of one network and of all together: the store is asked about no more of them. */
export const UNVOUCHED_PER_NETWORK: Rate = { perSecond: 2, burst: 20 };
export const UNVOUCHED: Rate = { perSecond: 10, burst: 50 };
/** Tokens with this installation's checksum, and those that a store of this isolate's has known: a lane of their own. */
export const VOUCHED: Rate = { perSecond: 100, burst: 500 };
/** Calls of one token that are large or of unknown length, ahead of that lane: what is refused here is not even read. */
export const PER_TOKEN: Rate = { perSecond: 10, burst: 200 };
/**
 * The same once it is read, firing and other calls apart. The store caps either at 30 a minute: what it would refuse
 * neither asks it nor takes the room of other tokens, and chatter never uses up the one call that matters.
 */
export const PER_TOKEN_AND_KIND: Rate = { perSecond: 1, burst: 120 };
/** What was refused stays refused this long (ms): a backup that brings a trigger back has it work soon after. */
export const REFUSED_MS = 10_000;
/** Hashes of tokens kept of either kind, some 100 bytes each. */
export const MAX_TOKENS = 1_000;

/**
 * What one isolate asks stores about triggers' tokens. Anybody can make tokens of a real project up, and the store is
 * one object that kills wait for: so made-up ones come to it at a bounded rate, and keep none out that is vouched for.
 */
export class TriggerGate {
  readonly #tokens = new Rates();
  readonly #networks = new Rates();
  readonly #lanes = new Rates();
  /** By hash, since when (epoch ms). The oldest goes first. */
  readonly #refused = new Map<string, number>();
  readonly #known = new Set<string>();

  /** Whether the token was known to its store when it was last asked. */
  isKnown(hash: string): boolean {
    return this.#known.has(hash);
  }

  isRefused(hash: string, now: number): boolean {
    const since = this.#refused.get(hash);
    return since !== undefined && Math.abs(now - since) < REFUSED_MS;
  }

  /**
   * Takes one call off what a token may make. 0: it may be made; else whole seconds to wait.
   *
   * @param hash of a token that something vouches for: made-up ones would fill the memory
   * @param firing whether the call says that something is firing; undefined: it is not read yet
   */
  waitOfToken(hash: string, now: number, firing?: boolean): number {
    return firing === undefined
      ? this.#tokens.take(hash, PER_TOKEN, now)
      : this.#tokens.take(`${hash} ${firing}`, PER_TOKEN_AND_KIND, now);
  }

  /** Takes one call off. 0: the store may be asked; else whole seconds to wait. */
  wait(vouched: boolean, network: string, now: number): number {
    if (vouched) return this.#lanes.take("vouched", VOUCHED, now);
    const wait = this.#networks.take(network, UNVOUCHED_PER_NETWORK, now);
    return wait > 0 ? wait : this.#lanes.take("unvouched", UNVOUCHED, now);
  }

  known(hash: string): void {
    this.#refused.delete(hash);
    this.#known.delete(hash);
    for (const first of this.#known) {
      if (this.#known.size < MAX_TOKENS) break;
      this.#known.delete(first);
    }
    this.#known.add(hash);
  }

  refused(hash: string, now: number): void {
    this.#known.delete(hash);
    this.#refused.delete(hash);
    for (const first of this.#refused.keys()) {
      if (this.#refused.size < MAX_TOKENS) break;
      this.#refused.delete(first);
    }
    this.#refused.set(hash, now);
  }
}
