import type { Lane, OutcomeEvent } from "../../../shared/telemetry/tally.ts";

/*
 * Outcomes that came before their unit's exposure: two senders, or one that lost a race, are in no order. They wait a
 * while in memory; what is lost with it stays unattributed, alike in every arm, and is never guessed.
 */

/** They wait this long (ms). */
export const EARLY_KEEP_MS = 10 * 60_000;
/** So many of servers at most; beyond, the oldest go. A few hundred bytes each. */
const MAX_EARLY = 20_000;
/** Of client keys fewer: most that anybody makes up is of nobody who was ever exposed. */
const MAX_EARLY_OF_CLIENTS = 5_000;

type Source = "server" | "client";
interface Waiting {
  /** In the order of their first outcome's arrival. */
  readonly byUnit: Map<string, OutcomeEvent[]>;
  readonly most: number;
  count: number;
}
const keyOf = (series: number, lane: Lane, unit: string) => `${unit}.${series}.${lane}`;

/** Each source has a place of its own: nobody who makes outcomes up can push out what servers said. */
export class EarlyOutcomes {
  readonly #waiting: Record<Source, Waiting> = {
    server: { byUnit: new Map(), most: MAX_EARLY, count: 0 },
    client: { byUnit: new Map(), most: MAX_EARLY_OF_CLIENTS, count: 0 },
  };

  /** One batch's view: what it takes and keeps is done only by `commit`. */
  turn(source: Source, now: number) {
    const taken = new Set<string>();
    const kept: [string, OutcomeEvent][] = [];
    const own = this.#waiting[source];
    const both = Object.values(this.#waiting);
    return {
      /** The outcomes that waited for this unit, by time, from any sender. */
      take: (series: number, lane: Lane, unit: string): OutcomeEvent[] => {
        const key = keyOf(series, lane, unit);
        taken.add(key);
        const waited = both.flatMap(({ byUnit }) => byUnit.get(key) ?? []);
        return waited.filter(({ arrivedAt }) => now - arrivedAt <= EARLY_KEEP_MS).sort((a, b) => a.at - b.at);
      },
      keep: (series: number, lane: Lane, unit: string, outcome: OutcomeEvent): void => {
        kept.push([keyOf(series, lane, unit), outcome]);
      },
      commit: (): void => {
        for (const key of taken) for (const one of both) drop(one, key);
        for (const [key, outcome] of kept) {
          const waiting = own.byUnit.get(key);
          if (waiting) waiting.push(outcome);
          else own.byUnit.set(key, [outcome]);
          own.count++;
        }
        for (const one of both) {
          for (const [key, [first]] of one.byUnit) {
            if (one.count <= one.most && first && now - first.arrivedAt <= EARLY_KEEP_MS) break;
            drop(one, key);
          }
        }
      },
    };
  }

  clear(): void {
    for (const one of Object.values(this.#waiting)) {
      one.byUnit.clear();
      one.count = 0;
    }
  }

  forget(unit: string): void {
    for (const one of Object.values(this.#waiting))
      for (const key of one.byUnit.keys()) if (key.startsWith(`${unit}.`)) drop(one, key);
  }
}

function drop(waiting: Waiting, key: string): void {
  waiting.count -= waiting.byUnit.get(key)?.length ?? 0;
  waiting.byUnit.delete(key);
}
