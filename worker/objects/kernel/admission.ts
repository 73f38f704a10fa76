/**
 * Pointer reads that a store answers in a second. Every data centre that is busy with a project asks about twice
 * (`npm run sim:propagation`: some 800 for 330 of them), a Durable Object can answer about a thousand of anything, and
 * writes must get through: a kill that waits behind a thousand look-ups is late for everybody.
 */
export const POINTER_READS_PER_S = 1_000;
/** So many may come in the same instant, as when a deployment starts all isolates anew. */
export const POINTER_READS_AT_ONCE = 500;
/** Pointer reads that one relay answers in a second; an edge that is turned away asks the store. */
export const RELAY_READS_PER_S = 500;
export const RELAY_READS_AT_ONCE = 500;
/** Snapshots for edges that KV fails, a second: up to megabytes each, so that not even an outage of KV stops writes. */
export const SNAPSHOT_READS_PER_S = 200;
export const SNAPSHOT_READS_AT_ONCE = 100;
/**
 * What they may come to, in characters: each read holds its text twice until it is sent, so that a crowd of edges during
 * an outage of KV must not fill this object's 128 MB. One cold edge loads the largest project in two seconds.
 */
export const SNAPSHOT_CHARS_PER_S = 10_000_000;
export const SNAPSHOT_CHARS_AT_ONCE = 10_000_000;
/** Reports of what isolates were asked for, a second: news that can wait a minute, or be lost. */
export const USAGE_REPORTS_PER_S = 50;
export const USAGE_REPORTS_AT_ONCE = 100;
/**
 * Questions whether a trigger's token is one, a second: anybody can ask with tokens made up. Calls of triggers pass by
 * themselves, so that no kill is refused with them.
 */
export const TRIGGER_LOOKS_PER_S = 50;
export const TRIGGER_LOOKS_AT_ONCE = 100;

/**
 * Reads that go over a project's whole history or content, a second. Every viewer may ask for them, each takes
 * the store's one thread for milliseconds up to tenths of a second, and a kill waits behind them.
 */
export const HEAVY_READS_PER_S = 10;
/** A dashboard with several pages open asks for a few at once. */
export const HEAVY_READS_AT_ONCE = 30;

/**
 * What reads may cost a second, in characters read from documents and answered. A Durable Object's clock stands still
 * while it computes, so time cannot be charged; some 25 million characters take it a second. Lists have the larger part,
 * and a part of their own, so that a person who asks for too many lists still sees one flag.
 */
export const LIST_CHARS_PER_S = 6_000_000;
/** Five people open a project of a thousand flags at once, with other lists and the playground beside it: 17 million. */
export const LIST_CHARS_AT_ONCE = 20_000_000;
export const POINT_CHARS_PER_S = 3_000_000;
export const POINT_CHARS_AT_ONCE = 8_000_000;
/** Whatever a call reads, it costs the thread as much as so many characters. */
export const CALL_CHARS = 10_000;

/**
 * Lets reads through as long as there is anything left, and is charged afterwards, when their cost is known: one large
 * read is never refused for its size, and those after it wait until it is paid.
 */
export class ReadBudget {
  readonly #perMs: number;
  readonly #atOnce: number;
  #left: number;
  #at = 0;

  constructor(perSecond: number, atOnce: number) {
    this.#perMs = perSecond / 1_000;
    this.#atOnce = atOnce;
    this.#left = atOnce;
  }

  hasRoom(now: number): boolean {
    this.#left = Math.min(this.#atOnce, this.#left + Math.max(0, now - this.#at) * this.#perMs);
    this.#at = now;
    return this.#left > 0;
  }

  charge(chars: number): void {
    this.#left -= chars;
  }
}

/**
 * Lets a bounded rate through and turns the rest away at once (token bucket). An edge that is turned away serves what it
 * has and looks into the cache of its data centre before it comes back, so one admitted read helps all of a centre.
 */
export class RateGate {
  readonly #perMs: number;
  readonly #atOnce: number;
  #left: number;
  #at = 0;

  constructor(perSecond: number, atOnce: number) {
    this.#perMs = perSecond / 1_000;
    this.#atOnce = atOnce;
    this.#left = atOnce;
  }

  admits(now: number): boolean {
    this.#left = Math.min(this.#atOnce, this.#left + Math.max(0, now - this.#at) * this.#perMs);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
