/*
 * Evaluations come first. An isolate is one thread, so whatever a batch does on it holds evaluations up. Batches
 * therefore go through one lane, one after another, and work in short turns, at most half of the thread's time, with
 * evaluations in between. When turns come late, because the thread or the machine has other work, they come more
 * seldom; the lane grows, and a request that would wait too long in it is rejected before its body is read.
 *
 * One after another also keeps the memory young: many batches at work survive V8's minor collections, all requests with
 * them, and their destructors then run in one major collection, a pause of a tenth of a second (seen in workerd).
 *
 * Requests share plain numbers and wait on timers of their own, and nothing has to be given back to the lane: of a
 * request that dies, time remains unused, and no more.
 */

/** What one turn may take (ms), about an evaluation with its request. */
export const TURN_MS = 0.5;
/** Of the thread's time. */
const SHARE = 0.5;
/** Nobody is let into a longer lane (ms). */
export const LONGEST_LANE_MS = 100;
/** Timers are this coarse (ms). */
const TIMER_MS = 1;
/** A turn that comes later than this (ms), some evaluations' work, delays the next one by as much … */
const LATE_MS = 4;
/** … and by this much (ms) at most. */
const MOST_LATE_MS = 50;
/** What seems further away, or later, than this was booked before the clock was set. */
const IMPOSSIBLE_MS = 60_000;

export interface LaneClock {
  /** Epoch ms; may stand still while the thread works. */
  now(): number;
  wait(ms: number): Promise<void>;
}

export class TurnLane {
  readonly #clock: LaneClock;
  /** Epoch ms: from when nobody has booked, until when the latest that entered is at work, and when a turn may begin. */
  #free = 0;
  #busyUntil = 0;
  #next = 0;
  /** What was done at one reading of the clock (ms). */
  #done = { at: 0, ms: 0 };

  constructor(clock: LaneClock) {
    this.#clock = clock;
  }

  /** Whether new work may queue up. */
  get open(): boolean {
    return this.#length <= LONGEST_LANE_MS;
  }

  /** Whether work may queue up that must leave room for other work. */
  get halfOpen(): boolean {
    return this.#length <= LONGEST_LANE_MS / 2;
  }

  get #length(): number {
    const now = this.#clock.now();
    return ahead(this.#free, now);
  }

  /**
   * Resolves when those before are done, as far as one can tell.
   *
   * @param ms what all turns will take together, as an estimate: clocks of Workers stand still meanwhile
   */
  async enter(ms: number): Promise<void> {
    const span = ms / SHARE;
    for (;;) {
      const booked = this.#clock.now();
      const wait = ahead(this.#free, booked);
      this.#free = booked + wait + span;
      await this.#clock.wait(Math.floor(wait));
      const now = this.#clock.now();
      // The thread was busy, and several come at once: the others queue again.
      if (ahead(this.#busyUntil, now) > TIMER_MS) continue;
      this.#busyUntil = now + span;
      return;
    }
  }

  /**
   * Resolves when it is the caller's turn: until it next waits for anything, it has the thread.
   *
   * @param ms what it will do there, as an estimate
   */
  async turn(ms: number): Promise<void> {
    for (;;) {
      const asked = this.#clock.now();
      const wait = ahead(this.#next, asked);
      await this.#clock.wait(wait);
      const now = this.#clock.now();
      if (ahead(this.#next, now) > 0) continue;
      if (now !== this.#done.at) this.#done = { at: now, ms: 0 };
      this.#done.ms += ms;
      if (this.#done.ms >= TURN_MS) this.#next = now + TIMER_MS;
      const late = now - asked - wait;
      if (late > LATE_MS && late < IMPOSSIBLE_MS) this.#delay(now, Math.min(late, MOST_LATE_MS));
      return;
    }
  }

  #delay(now: number, ms: number): void {
    this.#next = now + Math.max(TIMER_MS, ms);
    this.#free = now + ahead(this.#free, now) + ms;
  }
}

/** How far a moment lies ahead (ms); 0 when it is over, or nonsense. */
const ahead = (moment: number, now: number): number => {
  const left = moment - now;
  return left > 0 && left < IMPOSSIBLE_MS ? left : 0;
};
