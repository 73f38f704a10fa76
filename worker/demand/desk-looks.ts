import { type Rate, Rates } from "../evaluation/edge/rate-limit.ts";

/** Looks at one address that this project gave out: a product waits in each for up to 25 s, or tries again after 2 s. */
export const LOOKS_PER_ADDRESS: Rate = { perSecond: 2, burst: 20 };
/**
 * Looks at addresses without a valid hash, of one network and of all together. An earlier version gave out such ones,
 * and so did this project before its secret was replaced; questions wait for up to three days.
 */
export const PLAIN_PER_NETWORK: Rate = { perSecond: 2, burst: 20 };
export const PLAIN: Rate = { perSecond: 10, burst: 50 };

/** What one isolate asks desks for people who need show no key to read an answer. */
export class DeskLooks {
  readonly #addresses = new Rates();
  readonly #networks = new Rates();
  readonly #plain = new Rates(1);

  /**
   * Takes one look off. 0: the desk may be asked; else whole seconds to wait.
   *
   * @param address null: nobody vouches for it
   */
  wait(address: string | null, network: string, now: number): number {
    if (address !== null) return this.#addresses.take(address, LOOKS_PER_ADDRESS, now);
    const wait = this.#networks.take(network, PLAIN_PER_NETWORK, now);
    return wait > 0 ? wait : this.#plain.take("", PLAIN, now);
  }
}
