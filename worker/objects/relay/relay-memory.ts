import type { Pointer } from "../../../shared/schema/pointer.ts";
import type { RelayedPointer, Signal } from "./methods.ts";

/**
 * A relay answers with a pointer up to this age (ms). Signals come each second, take up to two tenths of one, and count
 * as older than they are by as much; the way to the edge still fits into two seconds.
 */
export const RELAY_MAX_AGE_MS = 1_500;
/** A relay that was asked within this time (ms) is kept fresh by the store. */
export const WANTED_MS = 60_000;

/** Names everything that a pointer says but its age. */
export const markOf = ({
  epoch,
  revision,
  environments,
}: Pick<Pointer, "epoch" | "revision" | "environments">): string =>
  [epoch, revision, ...Object.values(environments).map(({ hash }) => hash)].join(" ");

/** What a relay knows, in memory alone: after an eviction it asks the store anew. Pure: times are passed in. */
export class RelayMemory {
  #held: { pointer: Pointer; mark: string } | null = null;
  /** Store's clock minus ours (ms), from its answers; never less than it is, so that ages are never too small. */
  #clockOffset: number | null = null;
  #askedAt = Number.NEGATIVE_INFINITY;

  get pointer(): Pointer | null {
    return this.#held?.pointer ?? null;
  }

  get mark(): string | null {
    return this.#held?.mark ?? null;
  }

  isWanted(now: number): boolean {
    return now >= this.#askedAt && now - this.#askedAt < WANTED_MS;
  }

  /** An edge asks. Null when nothing is held, or nothing whose age is known to be small. */
  answer(now: number): RelayedPointer | null {
    this.#askedAt = now;
    if (this.#held === null || this.#clockOffset === null) return null;
    const ageMs = now - (this.#held.pointer.asOf - this.#clockOffset);
    // A negative age means that a clock was set back.
    return ageMs >= 0 && ageMs <= RELAY_MAX_AGE_MS ? { pointer: this.#held.pointer, ageMs } : null;
  }

  /** The store's own answer. Its age counts from the moment it was asked for, which teaches the offset of the clocks. */
  learn(pointer: Pointer, askedAt: number): void {
    this.#clockOffset = pointer.asOf - askedAt;
    this.#hold(pointer);
  }

  /** A signal that names something else, or comes late, changes nothing: `mark` then tells the store what is missing. */
  take({ mark, asOf, pointer }: Signal): void {
    if (pointer !== undefined) this.#hold({ ...pointer, asOf });
    else if (this.#held?.mark === mark && asOf > this.#held.pointer.asOf)
      this.#held = { mark, pointer: { ...this.#held.pointer, asOf } };
  }

  /** The project is gone. */
  forget(): void {
    this.#held = null;
  }

  /** Never to an older state; of the same state the younger word counts. */
  #hold(pointer: Pointer): void {
    const held = this.#held?.pointer;
    if (held && (pointer.epoch < held.epoch || (pointer.epoch === held.epoch && pointer.revision < held.revision)))
      return;
    const mark = markOf(pointer);
    if (held && mark === this.#held?.mark && pointer.asOf <= held.asOf) return;
    this.#held = { pointer, mark };
  }
}
