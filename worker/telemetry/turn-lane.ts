/*
 * Evaluations come first. An isolate is one thread, so whatever a batch does on it holds evaluations up. All batches of
 * an isolate therefore share one lane of short turns, at most half of the thread's time, and evaluations go in between.
 * When turns come late, because the thread or the machine has other work, they come more seldom; the lane grows, and
 * whoever would wait too long in it is sent away before anybody reads what they bring.
 *
 * Requests share plain numbers and wait on timers of their own: of one that dies, a turn remains unused, and no more.
 */

/** What one turn may take (ms), about an evaluation with its request. */
export const TURN_MS = 0.5;
/** Of the thread's time. */
const SHARE = 0.5;
/** Nobody is let into a longer lane (ms). */
export const LONGEST_LANE_MS = 250;
/** Timers are this coarse (ms). */
const TIMER_MS = 1;
/** A turn that comes late delays the next one by as much, and by this much (ms) at most. */
const MOST_LATE_MS = 50;
/** A lane that seems longer than this, or a turn later, was booked before the clock was set. */
const IMPOSSIBLE_MS = 60_000;

export interface LaneClock {
  /** Epoch ms; may stand still while the thread works. */
  now(): number;
  wait(ms: number): Promise<void>;
}

export class TurnLane {
  readonly #clock: LaneClock;
  /** When the next turn is free (epoch ms). */
  #free = 0;
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
    return this.#freeAt(now) - now;
  }

  /**
   * Resolves when it is the caller's turn: until it next waits for anything, it has the thread.
   *
   * @param ms what it will do there, as an estimate: clocks of Workers stand still meanwhile
   */
  async turn(ms: number): Promise<void> {
    for (;;) {
      const booked = this.#clock.now();
      const due = this.#freeAt(booked);
      this.#free = due + ms / SHARE;
      await this.#clock.wait(Math.floor(due - booked));
      const now = this.#clock.now();
      if (now !== this.#done.at) this.#done = { at: now, ms: 0 };
      // Several wake up together when the thread was busy: the others queue again.
      else if (this.#done.ms >= TURN_MS) continue;
      this.#done.ms += ms;
      const late = now - due - TIMER_MS;
      if (late > 0 && late < IMPOSSIBLE_MS) this.#free += Math.min(late, MOST_LATE_MS);
      return;
    }
  }

  #freeAt(now: number): number {
    return this.#free - now > IMPOSSIBLE_MS ? now : Math.max(now, this.#free);
  }
}
