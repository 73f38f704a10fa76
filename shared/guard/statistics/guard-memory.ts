import type { Moments } from "./mean-test.ts";

/**
 * What must be remembered between two looks, because it was decided at a moment: latency thresholds by metric and
 * block, and where the tests of means begin.
 */
export interface GuardMemory {
  /** Metric → block → bin of the latency sketch. Fixed once, from the control's earlier blocks. */
  thresholds: Record<string, Record<string, number>>;
  /** Metric → the centre of its test, and the arms' totals when it was fixed: only later units are tested. */
  centres: Record<string, { centre: number; from: Record<string, Moments> }>;
}
export const EMPTY_MEMORY: GuardMemory = { thresholds: {}, centres: {} };

/** Control units that a threshold or a centre is made of, at least. Fewer say little about a 95th percentile. */
export const ENOUGH_CONTROL_UNITS = 50;
