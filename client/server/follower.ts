import { backoff, jittered, RECONNECT, RETRY } from "./backoff.ts";

/** What came of a poll. */
export interface Polled {
  readonly ok: boolean;
  /** Whether it brought something that was not in force before. */
  readonly changed: boolean;
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
  /** Asks for the rules; never throws. */
  poll(atLeast: number): Promise<Polled>;
  /** Null: there is nothing to connect with. */
  connect(on: ConnectionEvents): Connection | null;
}

export interface ConnectionEvents {
  opened(): void;
  /** Something changed: the revision, or 0 where the message names none. */
  told(revision: number): void;
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
  /** A revision that was told and not polled for yet; -1: none. */
  #wanted = -1;
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

  async #poll(atLeast: number): Promise<void> {
    this.#stopPoll();
    this.#polling = true;
    this.#wanted = -1;
    const { ok, changed, afterMs } = await this.#deps.poll(atLeast);
    this.#polling = false;
    if (this.#closed) return;
    this.#pollFailures = ok ? 0 : this.#pollFailures + 1;
    if (changed) this.#distrustSilence();
    this.#pollAfter(Math.max(afterMs, this.#pause()));
  }

  /** How long (ms) until the next poll. */
  #pause(): number {
    const { random } = this.#deps;
    if (this.#pollFailures > 0) return backoff(RETRY, this.#pollFailures, random());
    if (this.#wanted >= 0) return random() * SPREAD_MS;
    const { pollMs, safetyPollMs } = this.#options;
    return jittered(this.#openedAt === null ? pollMs : safetyPollMs, random());
  }

  #pollAfter(ms: number): void {
    this.#stopPoll();
    this.#stopPoll = this.#deps.timer(ms, () => void this.#poll(Math.max(0, this.#wanted)));
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
      told: (revision) => {
        if (isCurrent && !this.#closed) this.#told(revision);
      },
      closed: () => {
        if (!isCurrent || this.#closed) return;
        isCurrent = false;
        if (this.#connection === connection) this.#lost();
      },
    });
    this.#connection = connection;
  }

  #told(revision: number): void {
    this.#toldAt = this.#deps.now();
    const isDue = this.#wanted >= 0;
    this.#wanted = Math.max(this.#wanted, revision);
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
