import { SPLIT_TOTAL } from "../limits.ts";

/** Parts [from, to) of SPLIT_TOTAL, by the dimension that buckets: an attribute under a seed. */
export type Known = ReadonlyMap<string, readonly [from: number, to: number]>;

export const NOTHING_KNOWN: Known = new Map();

/** A part of all users, what is known of their buckets, and what was found for them. */
export interface Case<T> {
  readonly weight: number;
  readonly known: Known;
  readonly value: T;
}

/** A few dozen are usual. Beyond this, flags are so entangled that no list could wait for the answer. */
const MOST_CASES = 2_000;
/** What one flag's reach may take, in cases and conditions looked at: about a tenth of a second. */
const MOST_EFFORT = 50_000;
/** What the reaches of a whole list may take together: ten thousand flags of five rules take a fifth of it. */
const MOST_EFFORT_OF_LIST = 1_000_000;

export class TooManyCases extends Error {}

/** What reckoning may still take. Reckoning stops with `TooManyCases` when it is used up. */
export class ReachEffort {
  #left: number;

  private constructor(left: number) {
    this.#left = left;
  }

  /** For the flags of a list together. */
  static ofList(): ReachEffort {
    return new ReachEffort(MOST_EFFORT_OF_LIST);
  }

  /** For one flag; of a list's effort, no more than is left there. */
  static ofFlag(list?: ReachEffort): ReachEffort {
    return new ReachEffort(Math.min(MOST_EFFORT, list ? list.#left : MOST_EFFORT));
  }

  get left(): number {
    return this.#left;
  }

  spend(amount: number): void {
    this.#left -= amount;
    if (this.#left < 0) throw new TooManyCases();
  }

  /** Takes what one flag of a list has taken. */
  charge(amount: number): void {
    this.#left = Math.max(0, this.#left - amount);
  }
}

/** Everybody alike. */
export const certain = <T>(value: T, known: Known): Case<T>[] => [{ weight: 1, known, value }];

/** Goes on from each case; what comes out alike is one case again, so that their number stays small. */
export function chain<T, U>(
  cases: readonly Case<T>[],
  next: (value: T, known: Known) => readonly Case<U>[],
  effort: ReachEffort,
): Case<U>[] {
  effort.spend(cases.length);
  const [only, ...others] = cases;
  if (only && others.length === 0) {
    const found = next(only.value, only.known);
    if (found.length === 1) return found.map((one) => ({ ...one, weight: only.weight * one.weight }));
  }
  const merged = new Map<string, Case<U>>();
  for (const { weight, known, value } of cases)
    for (const found of next(value, known)) {
      effort.spend(1 + found.known.size);
      const name = JSON.stringify([found.value, [...found.known].sort(([a], [b]) => (a < b ? -1 : 1))]);
      const sum = (merged.get(name)?.weight ?? 0) + weight * found.weight;
      merged.set(name, { weight: sum, known: found.known, value: found.value });
      if (merged.size > MOST_CASES) throw new TooManyCases();
    }
  return [...merged.values()];
}

/**
 * Users by their bucket in one dimension.
 *
 * @param edges ascending parts at which `value` may change
 * @param isShared whether the same bucket decides more than once, so that it has to be remembered
 */
export function byBucket<T>(
  known: Known,
  dimension: string,
  edges: readonly number[],
  isShared: boolean,
  value: (part: number) => T,
  effort: ReachEffort,
): Case<T>[] {
  const [from, to] = known.get(dimension) ?? [0, SPLIT_TOTAL];
  const cuts = [from, ...edges.filter((edge) => edge > from && edge < to), to];
  effort.spend(cuts.length * (1 + known.size));
  const cases = cuts.slice(0, -1).map((start, index): Case<T> => {
    const end = cuts[index + 1] as number;
    const narrowed = isShared ? new Map([...known, [dimension, [start, end] as const]]) : known;
    return { weight: (end - start) / (to - from), known: narrowed, value: value(start) };
  });
  return chain(certain(null, known), () => cases, effort);
}
