import type { Lane, OutcomeEvent } from "../../shared/telemetry/tally.ts";

/*
 * Outcomes that came before their unit's exposure: two senders, or one that lost a race, are in no order. They wait a
 * while in memory; what is lost with it stays unattributed, alike in every arm, and is never guessed.
 */

/** They wait this long (ms). */
export const EARLY_KEEP_MS = 10 * 60_000;
/** So many at most; beyond, the oldest go. A few hundred bytes each. */
const MAX_EARLY = 20_000;

export class EarlyOutcomes {
  /** In the order of their first outcome's arrival. */
  readonly #waiting = new Map<string, OutcomeEvent[]>();
  #count = 0;

  /** One batch's view: what it takes and keeps is done only by `commit`. */
  turn(now: number) {
    const taken = new Set<string>();
    const kept: [string, OutcomeEvent][] = [];
    const keyOf = (series: number, lane: Lane, unit: string) => `${unit}.${series}.${lane}`;
    return {
      /** The outcomes that waited for this unit, by time. */
      take: (series: number, lane: Lane, unit: string): OutcomeEvent[] => {
        const key = keyOf(series, lane, unit);
        taken.add(key);
        const waited = (this.#waiting.get(key) ?? []).filter(({ arrivedAt }) => now - arrivedAt <= EARLY_KEEP_MS);
        return [...waited].sort((a, b) => a.at - b.at);
      },
      keep: (series: number, lane: Lane, unit: string, outcome: OutcomeEvent): void => {
        kept.push([keyOf(series, lane, unit), outcome]);
      },
      commit: (): void => {
        for (const key of taken) this.#drop(key);
        for (const [key, outcome] of kept) {
          const waiting = this.#waiting.get(key);
          if (waiting) waiting.push(outcome);
          else this.#waiting.set(key, [outcome]);
          this.#count++;
        }
        for (const [key, [first]] of this.#waiting) {
          if (this.#count <= MAX_EARLY && first && now - first.arrivedAt <= EARLY_KEEP_MS) break;
          this.#drop(key);
        }
      },
    };
  }

  forget(unit: string): void {
    for (const key of this.#waiting.keys()) if (key.startsWith(`${unit}.`)) this.#drop(key);
  }

  #drop(key: string): void {
    this.#count -= this.#waiting.get(key)?.length ?? 0;
    this.#waiting.delete(key);
  }
}
