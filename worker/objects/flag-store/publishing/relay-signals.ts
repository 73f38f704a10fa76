import { isRegion, type Region } from "../../../../shared/placement/regions.ts";
import type { Pointer } from "../../../../shared/schema/pointer.ts";
import { log } from "../../../log.ts";
import type { RelayAsk, Signal, SignalReceipt } from "../../relay/methods.ts";
import { markOf, WANTED_MS } from "../../relay/relay-memory.ts";

/** A relay that edges ask hears of the store this often (ms). */
export const SIGNAL_EVERY_MS = 1_000;
/** A change is offered to a relay that does not take it for so long (ms); then the relay's own watch must find out. */
const OFFER_MS = 60_000;
/** Signals in a row to a relay that does not hold the latest; then the next second's comes. */
const ATTEMPTS = 3;

export interface RelaySignalsDeps {
  now(): number;
  pointer(): Pointer;
  send(region: Region, signal: Signal): Promise<SignalReceipt>;
  wait(ms: number): Promise<void>;
  /** Regions whose relays hold sockets, with spaces between: they must hear of changes after this object was evicted. */
  readFollowed(): string;
  writeFollowed(regions: string): void;
}

/** What is known of one relay. */
interface RelayState {
  /** Edges asked it lately: it is kept fresh until then (epoch ms). */
  wantedUntil: number;
  /** It has not taken the latest change yet, and is offered it until then (epoch ms). */
  owedUntil: number;
  /** What it holds, as far as is known. */
  holds: string | null;
  isSending: boolean;
}

/**
 * Keeps relays up to date: each second those that edges ask, with every change those that sockets hang on as well. A
 * timer, and no alarm, because an alarm is a row each second; who is asked is in memory alone. What is lost with it,
 * relays find out by themselves: they ask the store when they have heard nothing.
 */
export class RelaySignals {
  readonly #deps: RelaySignalsDeps;
  readonly #relays = new Map<Region, RelayState>();
  /** As stored; null: not read yet. */
  #followed: Set<Region> | null = null;
  #isTicking = false;

  constructor(deps: RelaySignalsDeps) {
    this.#deps = deps;
  }

  /** A relay has asked for the pointer, so that from now on it hears of it. */
  asked({ region, follows }: RelayAsk): void {
    if (!isRegion(region)) return;
    this.#stateOf(region).wantedUntil = this.#deps.now() + WANTED_MS;
    this.#noteFollows(region, follows);
    void this.#tick();
  }

  /** The pointer says something new. Also called within a transaction, so that nothing is sent before it has ended. */
  changed(): void {
    const regions = new Set([...this.#relays.keys(), ...this.#followedRegions()]);
    if (regions.size === 0) return;
    for (const region of regions) this.#stateOf(region).owedUntil = this.#deps.now() + OFFER_MS;
    queueMicrotask(() => {
      this.#sendDue();
      void this.#tick();
    });
  }

  /** Goes on while there is anybody to tell. Never rejects. */
  async #tick(): Promise<void> {
    if (this.#isTicking) return;
    this.#isTicking = true;
    // A relay that has just asked has an answer.
    do await this.#deps.wait(SIGNAL_EVERY_MS);
    while (this.#sendDue());
    this.#isTicking = false;
  }

  /** False: nobody wants to hear anything. */
  #sendDue(): boolean {
    const now = this.#deps.now();
    for (const [region, state] of this.#relays) {
      if (now >= state.wantedUntil && now >= state.owedUntil) this.#relays.delete(region);
      else if (!state.isSending) void this.#send(region, state);
    }
    return this.#relays.size > 0;
  }

  async #send(region: Region, state: RelayState): Promise<void> {
    state.isSending = true;
    try {
      for (let attempt = 0; attempt < ATTEMPTS && !(await this.#offer(region, state)); attempt++);
    } catch (error) {
      log({ event: "relay-not-told", region, error: String(error) });
    } finally {
      state.isSending = false;
    }
  }

  /** True: the relay holds what the pointer says, which may have changed while the signal was on its way. */
  async #offer(region: Region, state: RelayState): Promise<boolean> {
    const pointer = this.#deps.pointer();
    const mark = markOf(pointer);
    const signal = { mark, asOf: pointer.asOf, ...(state.holds === mark ? {} : { pointer }) };
    const { holds, wanted, follows } = await this.#deps.send(region, signal);
    state.holds = holds;
    state.wantedUntil = wanted ? this.#deps.now() + WANTED_MS : 0;
    this.#noteFollows(region, follows);
    const isCurrent = markOf(this.#deps.pointer()) === holds;
    if (isCurrent) state.owedUntil = 0;
    return isCurrent;
  }

  #stateOf(region: Region): RelayState {
    let state = this.#relays.get(region);
    if (!state) {
      state = { wantedUntil: 0, owedUntil: 0, holds: null, isSending: false };
      this.#relays.set(region, state);
    }
    return state;
  }

  #followedRegions(): Set<Region> {
    this.#followed ??= new Set(this.#deps.readFollowed().split(" ").filter(isRegion));
    return this.#followed;
  }

  /** Written when it changes alone, which is when the first socket of a region opens or the last one closes. */
  #noteFollows(region: Region, follows: boolean): void {
    const followed = this.#followedRegions();
    if (followed.has(region) === follows) return;
    if (follows) followed.add(region);
    else followed.delete(region);
    this.#deps.writeFollowed([...followed].join(" "));
  }
}
