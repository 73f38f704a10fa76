import { backoff, jittered, RECONNECT, RETRY } from "./backoff.ts";

/** What came of a poll. */
export interface Polled {
  readonly ok: boolean;
  /** Whether it brought something that was not in force before. */
  readonly changed: boolean;
  /** The number of the change that is in force, as messages name them; 0: not known. */
  readonly change: number;
  /** Not again before this long (ms). */
  readonly afterMs: number;
}

/** A push connection that is open or being opened. */
export interface Connection {
  close(): void;
}

export interface FollowerDeps {
  /** Monotonic, ms. */
  now(): number;
  /** In [0, 1). */
  random(): number;
  /** Calls back after so long (ms), unless it is told not to. */
  timer(ms: number, then: () => void): () => void;
  /** Asks for the rules, having been told of this change; never throws. */
  poll(told: number): Promise<Polled>;
  /** Null: there is nothing to connect with. */
  connect(on: ConnectionEvents): Connection | null;
}

export interface ConnectionEvents {
  opened(): void;
  /** Something changed: the change's number, or 0 where the message names none. */
  told(change: number): void;
  /** For good; also when it was never open. */
  closed(): void;
}

export interface FollowerOptions {
  readonly pollMs: number;
  readonly safetyPollMs: number;
}

/** Polls of many processes that are told in one instant are spread over this long (ms). */
const SPREAD_MS = 40;
/** A connection that held for so long (ms) has proven itself: the next failure counts as the first. */
const PROVEN_MS = 60_000;
/** An edge that is asked may learn of a change a moment after its message: the first wait (ms), doubled each time … */
const CATCH_UP_MS = 100;
/** … and so often. */
const CATCH_UPS = 5;
/** A poll may find a change this long (ms) before its message arrives. */
const LATE_MESSAGE_MS = 10_000;

/**
 * Keeps rules fresh: by messages while a push connection is open, by polls in any case. A message only says that it is
 * time to poll. Polls go one after the other; what is told meanwhile is one more poll.
 */
export class Follower {
  readonly #deps: FollowerDeps;
  readonly #options: FollowerOptions;
  #connection: Connection | null = null;
  #openedAt: number | null = null;
  #toldAt = Number.NEGATIVE_INFINITY;
  #connectFailures = 0;
  #pollFailures = 0;
  #stopPoll: () => void = () => {};
  #stopConnect: () => void = () => {};
  #polling = false;
  /** A change that was told and not polled for yet; -1: none. */
  #wanted = -1;
  /** Polls in a row that did not bring the change that was told. */
  #catchUps = 0;
  #closed = false;

  constructor(deps: FollowerDeps, options: FollowerOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Polls at once, and goes on until `close`. Resolves when the first poll has been answered or has failed. */
  async start(): Promise<void> {
    this.#connect();
    await this.#poll(0);
  }

  close(): void {
    this.#closed = true;
    this.#stopPoll();
    this.#stopConnect();
    this.#connection?.close();
    this.#connection = null;
  }

  async #poll(told: number): Promise<void> {
    this.#stopPoll();
    this.#polling = true;
    this.#wanted = -1;
    const { ok, changed, change, afterMs } = await this.#deps.poll(told);
    this.#polling = false;
    if (this.#closed) return;
    this.#pollFailures = ok ? 0 : this.#pollFailures + 1;
    if (changed) this.#distrustSilence();
    const isBehind = ok && told > 0 && change !== told && this.#wanted < 0 && this.#catchUps < CATCH_UPS;
    this.#catchUps = isBehind ? this.#catchUps + 1 : 0;
    if (isBehind) this.#pollAfter(jittered(CATCH_UP_MS * 2 ** (this.#catchUps - 1), this.#deps.random()), told);
    else this.#pollAfter(Math.max(afterMs, this.#pause()));
  }

  /** How long (ms) until the next poll. */
  #pause(): number {
    const { random } = this.#deps;
    if (this.#pollFailures > 0) return backoff(RETRY, this.#pollFailures, random());
    if (this.#wanted >= 0) return random() * SPREAD_MS;
    const { pollMs, safetyPollMs } = this.#options;
    return jittered(this.#openedAt === null ? pollMs : safetyPollMs, random());
  }

  #pollAfter(ms: number, told = 0): void {
    this.#stopPoll();
    this.#stopPoll = this.#deps.timer(ms, () => void this.#poll(this.#wanted < 0 ? told : this.#wanted));
  }

  /** A poll has found what no message told of: the connection may be deaf. */
  #distrustSilence(): void {
    const now = this.#deps.now();
    const openedAt = this.#openedAt;
    if (openedAt === null || now - openedAt < LATE_MESSAGE_MS || now - this.#toldAt < LATE_MESSAGE_MS) return;
    this.#connection?.close();
    this.#lost();
  }

  #connect(): void {
    let isCurrent = true;
    const connection = this.#deps.connect({
      opened: () => {
        if (!isCurrent || this.#closed) return;
        this.#openedAt = this.#deps.now();
        // What happened before it was open was told to nobody.
        this.#told(0);
      },
      told: (change) => {
        if (isCurrent && !this.#closed) this.#told(change);
      },
      closed: () => {
        if (!isCurrent || this.#closed) return;
        isCurrent = false;
        if (this.#connection === connection) this.#lost();
      },
    });
    this.#connection = connection;
  }

  #told(change: number): void {
    this.#toldAt = this.#deps.now();
    const isDue = this.#wanted >= 0;
    // The latest counts: numbers fall when a kill is restored. One that says none does not hide it.
    this.#wanted = change > 0 ? change : Math.max(this.#wanted, 0);
    // After a failure the next poll is due when the backoff says so: a message mends nothing.
    if (!isDue && !this.#polling && this.#pollFailures === 0) this.#pollAfter(this.#deps.random() * SPREAD_MS);
  }

  #lost(): void {
    const { now, random, timer } = this.#deps;
    const held = this.#openedAt === null ? 0 : now() - this.#openedAt;
    this.#connectFailures = held >= PROVEN_MS ? 1 : this.#connectFailures + 1;
    this.#connection = null;
    const wasOpen = this.#openedAt !== null;
    this.#openedAt = null;
    this.#stopConnect = timer(backoff(RECONNECT, this.#connectFailures, random()), () => this.#connect());
    // From now on polls alone bring changes.
    if (wasOpen && !this.#polling && this.#pollFailures === 0)
      this.#pollAfter(jittered(this.#options.pollMs, random()));
  }
}
