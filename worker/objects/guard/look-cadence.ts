import type { TotalsAnswer } from "../../../shared/schema/telemetry.ts";
import type { Watch } from "./guard-book.ts";

/** Between two looks (ms) while counts move. */
export const LOOK_MS = 2_000;
/** While something speaks for harm, or a breach waits to be carried out. */
export const CLOSE_LOOK_MS = 1_000;
/** While nothing arrives: each look costs requests and a row. Shards say when something does. */
export const IDLE_LOOK_MS = 60_000;
/** Counts that have not moved for so long (ms) are at rest. */
const AT_REST_MS = 30_000;
/** Evidence from here on, of what a breach takes, is worth looking closely. */
const SUSPICIOUS_PART = 0.25;

/** When a guard looks next: often where something happens, and seldom where nothing does. */
export class LookCadence {
  #totals = "";
  #movedAt = Number.NEGATIVE_INFINITY;

  /** The counts of a look. */
  note({ series }: TotalsAnswer, now: number): void {
    const totals = JSON.stringify(series);
    if (totals === this.#totals) return;
    this.#totals = totals;
    this.#movedAt = now;
  }

  /** A shard has stored events of something that is watched; whether the next look has to come sooner for it. */
  wake(now: number): boolean {
    const wasAtRest = this.#isAtRest(now);
    this.#movedAt = now;
    return wasAtRest;
  }

  /** Until the next look (ms). */
  next(watches: readonly Watch[], now: number): number {
    if (watches.some(isSuspicious)) return CLOSE_LOOK_MS;
    return this.#isAtRest(now) ? IDLE_LOOK_MS : LOOK_MS;
  }

  /** A clock that was set back counts as movement. */
  #isAtRest(now: number): boolean {
    return now - this.#movedAt >= AT_REST_MS;
  }
}

function isSuspicious({ breach, acted, findings }: Watch): boolean {
  if (breach) return !acted;
  return (findings?.tiles ?? []).some(({ logEvidence, bar }) => logEvidence >= bar * SUSPICIOUS_PART);
}
