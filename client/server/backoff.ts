/*
 * When processes come back. Full jitter (a uniform draw from nothing to the bound) spreads a crowd that lost its
 * connection in one instant; the bound doubles while nothing answers.
 */

/** The bound (ms) of the first wait and of all waits. */
export interface Bounds {
  readonly first: number;
  readonly most: number;
}

/** Pushes only save time beside polling, so that a crowd may take a while to connect again. */
export const RECONNECT: Bounds = { first: 10_000, most: 120_000 };
/** After a poll that was not answered. */
export const RETRY: Bounds = { first: 1_000, most: 30_000 };

/**
 * How long (ms) to wait before the next attempt.
 *
 * @param failures in a row, this one included
 * @param random in [0, 1)
 */
export function backoff({ first, most }: Bounds, failures: number, random: number): number {
  // Beyond 2^20 every bound is reached.
  return random * Math.min(most, first * 2 ** Math.min(20, failures - 1));
}

/** The next poll after one that was answered: within the interval, and never before half of it. */
export const jittered = (intervalMs: number, random: number): number => intervalMs * (0.5 + random / 2);
