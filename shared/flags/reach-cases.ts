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
export class TooManyCases extends Error {}

/** Everybody alike. */
export const certain = <T>(value: T, known: Known): Case<T>[] => [{ weight: 1, known, value }];

/** Goes on from each case; what comes out alike is one case again, so that their number stays small. */
export function chain<T, U>(
  cases: readonly Case<T>[],
  next: (value: T, known: Known) => readonly Case<U>[],
): Case<U>[] {
  const [only, ...others] = cases;
  if (only && others.length === 0) {
    const found = next(only.value, only.known);
    if (found.length === 1) return found.map((one) => ({ ...one, weight: only.weight * one.weight }));
  }
  const merged = new Map<string, Case<U>>();
  for (const { weight, known, value } of cases)
    for (const found of next(value, known)) {
      const name = JSON.stringify([found.value, [...found.known].sort(([a], [b]) => (a < b ? -1 : 1))]);
      const sum = (merged.get(name)?.weight ?? 0) + weight * found.weight;
      merged.set(name, { weight: sum, known: found.known, value: found.value });
    }
  if (merged.size > MOST_CASES) throw new TooManyCases();
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
): Case<T>[] {
  const [from, to] = known.get(dimension) ?? [0, SPLIT_TOTAL];
  const cuts = [from, ...edges.filter((edge) => edge > from && edge < to), to];
  const cases = cuts.slice(0, -1).map((start, index): Case<T> => {
    const end = cuts[index + 1] as number;
    const narrowed = isShared ? new Map([...known, [dimension, [start, end] as const]]) : known;
    return { weight: (end - start) / (to - from), known: narrowed, value: value(start) };
  });
  return chain(certain(null, known), () => cases);
}
