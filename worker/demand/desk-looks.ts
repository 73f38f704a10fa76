import { type Rate, Rates } from "../evaluation/edge/rate-limit.ts";

/** Looks at one address that this project gave out: a product waits in each for up to 25 s, or tries again after 2 s. */
export const LOOKS_PER_ADDRESS: Rate = { perSecond: 2, burst: 20 };
/**
 * Looks at all such addresses, of one network and of all together: each question gives another address, and anybody with
 * a client key may ask. A product's own server that waits for hundreds of people stays below.
 */
export const GENUINE_PER_NETWORK: Rate = { perSecond: 20, burst: 200 };
export const GENUINE: Rate = { perSecond: 200, burst: 1_000 };
/**
 * Looks at addresses without a valid hash, of one network and of all together. An earlier version gave out such ones,
 * and so did this project before its secret was replaced; questions wait for up to three days.
 */
export const PLAIN_PER_NETWORK: Rate = { perSecond: 2, burst: 20 };
export const PLAIN: Rate = { perSecond: 10, burst: 50 };

/** What one isolate asks desks for people who need show no key to read an answer. */
export class DeskLooks {
  readonly #addresses = new Rates();
  readonly #genuineNetworks = new Rates();
  readonly #networks = new Rates();
  readonly #all = new Rates(2);

  /**
   * Takes one look off. 0: the desk may be asked; else whole seconds to wait.
   *
   * @param address null: nobody vouches for it
   */
  wait(address: string | null, network: string, now: number): number {
    if (address === null)
      return this.#networks.take(network, PLAIN_PER_NETWORK, now) || this.#all.take("plain", PLAIN, now);
    return (
      this.#addresses.take(address, LOOKS_PER_ADDRESS, now) ||
      this.#genuineNetworks.take(network, GENUINE_PER_NETWORK, now) ||
      this.#all.take("genuine", GENUINE, now)
    );
  }
}
