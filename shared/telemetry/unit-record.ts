import type { ExclusionMark } from "../schema/telemetry.ts";
import { add, type Counters } from "./counters.ts";

/** Events of server keys (0), and for series of source `server` those of client keys (1), which never mix. */
export type Lane = 0 | 1;

/**
 * What is known of one unit in one series. `arm` is -1 for units told apart. `folds` holds, per metric, what its events
 * came to; null before the first.
 */
export interface UnitRecord {
  arm: number;
  /** Of the first exposure: when it happened, and when it arrived (epoch ms, the store's clock). */
  at: number;
  arrivedAt: number;
  /** What `at` adds to its sender's clock (ms); 0 unless given. */
  shift?: number | undefined;
  /** Project revision that the edge knew. */
  revision: number;
  marks: readonly ExclusionMark[];
  /** A second arm was reported. */
  conflict?: true;
  country?: string;
  device?: string;
  folds: (Fold | null)[];
}

/** Events folded so far, and what they came to: failed 0/1, bin, 1, answered in time 0/1, sum. */
export type Fold = [count: number, value: number];

export interface OutcomeEvent {
  /** `metric` of the event. */
  event: string;
  at: number;
  arrivedAt: number;
  shift?: number | undefined;
  ok?: boolean | undefined;
  latencyMs?: number | undefined;
  value?: number | undefined;
}

export const metricPrefix = (lane: Lane, arm: number, metric: number): string => `${lane}.${arm}.${metric}.`;
export const armPrefix = (lane: Lane, arm: number): string => `${lane}.${arm}.-.`;

export const DAY_MS = 86_400_000;

/** Counts a failing or converting unit, and on which day it had been exposed. */
export function countHit(
  counters: Counters,
  { at }: UnitRecord,
  prefix: string,
  field: "failures" | "conversions",
): void {
  add(counters, `${prefix}${field}`, 1);
  add(counters, `${prefix}day.${Math.floor(at / DAY_MS)}`, 1);
}
