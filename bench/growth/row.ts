/** What a row must keep at the largest number of flags. */
export interface Bound {
  readonly atMost?: number;
  readonly atLeast?: number;
  /** At most so many times what it is at the smallest number. */
  readonly timesSmallest?: number;
}

/** One row of the table: what was measured, by the number of flags. */
export interface GrowthRow {
  readonly what: string;
  readonly unit: string;
  readonly values: ReadonlyMap<number, number>;
  readonly bound: Bound;
}

/** A part of the bench. Adding one is adding it to the list in `bench/growth.ts`. */
export type RowProvider = (sizes: readonly number[]) => Promise<GrowthRow[]>;

export const rowOf = (
  what: string,
  unit: string,
  sizes: readonly number[],
  measure: (count: number) => number,
  bound: Bound = {},
): GrowthRow => ({ what, unit, values: new Map(sizes.map((size) => [size, measure(size)])), bound });

/** Why a row misses its bound, in words; null: it keeps it, or has none. */
export function missOf({ values, bound }: GrowthRow): string | null {
  const sizes = [...values.keys()].sort((a, b) => a - b);
  const smallest = values.get(sizes[0] as number) as number;
  const largest = values.get(sizes.at(-1) as number) as number;
  const { atMost, atLeast, timesSmallest } = bound;
  if (!Number.isFinite(largest)) return "was not measured";
  if (atMost !== undefined && largest > atMost) return `is above ${atMost}`;
  if (atLeast !== undefined && largest < atLeast) return `is below ${atLeast}`;
  if (timesSmallest !== undefined && largest > timesSmallest * smallest)
    return `is ${(largest / smallest).toFixed(1)} times the smallest project's, above ${timesSmallest}`;
  return null;
}

/** The bound in words. */
export function wordsOf({ bound: { atMost, atLeast, timesSmallest } }: GrowthRow): string {
  const parts = [
    atMost === undefined ? "" : `≤ ${atMost}`,
    atLeast === undefined ? "" : `≥ ${atLeast}`,
    timesSmallest === undefined ? "" : `≤ ${timesSmallest} × the smallest`,
  ];
  return parts.filter((part) => part !== "").join(", ");
}
