/*
 * A latency sketch: counts in logarithmic bins, as in DDSketch (Masson, Rim, Lee: "DDSketch: a fast and fully-mergeable
 * quantile sketch with relative-error guarantees", VLDB 2019). The bins are the same everywhere, so sketches merge by
 * adding counts, and how many lie over a bin's edge is exact: a threshold that is moved up to an edge loses nothing.
 */

/** Bins per doubling: neighbouring edges are 4.4 % apart. */
const PER_DOUBLING = 16;
/** Longer ones count as this long (ms): ten minutes. */
export const MAX_LATENCY_MS = 600_000;

/** Bin to number of units. Bin 0 holds up to 1 ms, bin i what lies in (edge(i - 1), edge(i)]. */
export type LatencySketch = ReadonlyMap<number, number>;

/** The bin of a latency (ms); negative ones count as 0. */
export function binOf(latencyMs: number): number {
  const bounded = Math.min(latencyMs, MAX_LATENCY_MS);
  return bounded <= 1 ? 0 : Math.ceil(Math.log2(bounded) * PER_DOUBLING - 1e-9);
}

/** The greatest latency (ms) of a bin. */
export const edgeOf = (bin: number): number => 2 ** (bin / PER_DOUBLING);

export function mergeSketches(...sketches: LatencySketch[]): LatencySketch {
  const merged = new Map<number, number>();
  for (const sketch of sketches) for (const [bin, count] of sketch) merged.set(bin, (merged.get(bin) ?? 0) + count);
  return merged;
}

export function countOf(sketch: LatencySketch): number {
  let count = 0;
  for (const one of sketch.values()) count += one;
  return count;
}

/** The bin that holds the quantile (nearest rank); null for an empty sketch. */
export function quantileBin(sketch: LatencySketch, quantile: number): number | null {
  const rank = Math.max(1, Math.ceil(quantile * countOf(sketch)));
  let seen = 0;
  for (const [bin, count] of [...sketch].sort(([a], [b]) => a - b)) {
    seen += count;
    if (seen >= rank) return bin;
  }
  return null;
}

/** The bin whose edge is the first at or above `factor` × the quantile: units in later bins are slow. */
export function thresholdBin(sketch: LatencySketch, quantile: number, factor: number): number | null {
  const bin = quantileBin(sketch, quantile);
  return bin === null ? null : binOf(edgeOf(bin) * factor);
}

/** Units over the threshold: exact. */
export function countOver(sketch: LatencySketch, threshold: number): number {
  let over = 0;
  for (const [bin, count] of sketch) if (bin > threshold) over += count;
  return over;
}
