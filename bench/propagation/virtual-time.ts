import { setImmediate as turn } from "node:timers/promises";

/** Time that passes only when everything that can run has run, in steps of a millisecond. */
export class VirtualTime {
  now = 0;
  readonly #due = new Map<number, (() => void)[]>();

  /** Calls back after so many milliseconds, rounded up. */
  after(ms: number, callback: () => void): void {
    const at = Math.ceil(this.now + Math.max(0, ms));
    const others = this.#due.get(at);
    if (others) others.push(callback);
    else this.#due.set(at, [callback]);
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  async run(ms: number): Promise<void> {
    const end = this.now + ms;
    while (this.now < end) {
      for (;;) {
        const due = this.#due.get(this.now);
        if (!due) break;
        this.#due.delete(this.now);
        for (const callback of due) callback();
        // A turn of the event loop ends when no promise is left that could go on.
        await turn();
      }
      this.now++;
    }
  }
}

/** Numbers in [0, 1) that come again with the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
