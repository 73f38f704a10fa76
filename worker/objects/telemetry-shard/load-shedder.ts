import type { KeepLevels } from "./shard-batch.ts";

/*
 * How much a shard takes. Under overload it keeps the units whose rank lies below a level, so it sheds whole units and
 * knows nothing of arms: what stays is a smaller sample of the same split. Events of server keys go first; those of
 * client keys, which anybody can make up, share what is left and can never crowd them out.
 */

/** Events a second that a shard stores, both sources together. A Durable Object is one thread. */
export const SHARD_EVENTS_PER_SECOND = 1_500;
/** Of these, client keys get at most … */
const CLIENT_SHARE = 0.5;
/** … and at least so much, so that a busy server does not silence every browser. */
const CLIENT_LEAST = 0.1;
const WINDOW_MS = 1_000;
/**
 * What was not used may be used later by server keys, up to so many seconds' worth: senders that catch up after a pause
 * are no overload.
 */
const CREDIT_S = 1;
/** A level rises at most by this factor a second: a pause of a burst is not its end. */
const RECOVERY = 2;

interface Offered {
  server: number;
  client: number;
}

/** Offered counts what edges left out, too: otherwise a level that works would look like the end of the overload. */
export class LoadShedder {
  #windowFrom = Number.NEGATIVE_INFINITY;
  #offered: Offered = { server: 0, client: 0 };
  #keep: KeepLevels = { server: 1, client: 1 };
  /** Events beyond a second's capacity that the present window may bring. */
  #credit = 0;
  readonly #capacity: number;

  constructor(capacity = SHARD_EVENTS_PER_SECOND) {
    this.#capacity = capacity;
  }

  /** What is kept of this many more events. The clock may stand still or jump: then a window is longer or cut off. */
  offer(source: keyof Offered, events: number, now: number): KeepLevels {
    const elapsed = now - this.#windowFrom;
    if (elapsed < 0 || elapsed >= WINDOW_MS) {
      this.#save(elapsed);
      const perSecond = elapsed >= WINDOW_MS && elapsed < 2 * WINDOW_MS ? WINDOW_MS / elapsed : 0;
      this.#settle({ server: this.#offered.server * perSecond, client: this.#offered.client * perSecond });
      this.#windowFrom = now;
      this.#offered = { server: 0, client: 0 };
    }
    this.#offered[source] += events;
    // Within the window, levels only fall: as soon as more was offered than a second and the credit may bring.
    const allowed = this.#levels(this.#offered);
    this.#keep = {
      server: Math.min(this.#keep.server, allowed.server),
      client: Math.min(this.#keep.client, allowed.client),
    };
    return this.#keep;
  }

  get keep(): KeepLevels {
    return this.#keep;
  }

  /** Before the first window and when the clock was set back there is nothing to save. */
  #save(elapsedMs: number): void {
    const { server, client } = this.#offered;
    const unused = Number.isFinite(elapsedMs) ? (this.#capacity * Math.max(0, elapsedMs)) / 1_000 - server - client : 0;
    this.#credit = Math.min(Math.max(0, this.#credit + unused), this.#capacity * CREDIT_S);
  }

  #settle(rate: Offered): void {
    const allowed = this.#levels(rate);
    this.#keep = {
      // With credit left the last second was a burst and tells nothing about the next one.
      server: Math.min(this.#credit > 0 ? 1 : allowed.server, this.#keep.server * RECOVERY, 1),
      client: Math.min(allowed.client, this.#keep.client * RECOVERY, 1),
    };
  }

  #levels({ server, client }: Offered): KeepLevels {
    const capacity = this.#capacity;
    const forServer = (capacity + this.#credit) * (1 - (client > 0 ? CLIENT_LEAST : 0));
    const keptServer = Math.min(server, forServer);
    const forClient = Math.min(CLIENT_SHARE * capacity, Math.max(CLIENT_LEAST * capacity, capacity - keptServer));
    return {
      server: server > forServer ? forServer / server : 1,
      client: client > forClient ? forClient / client : 1,
    };
  }
}
