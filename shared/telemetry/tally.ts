import { tallyOf } from "../guard/metrics/tallies.ts";
import { eventOf, type Series } from "../schema/series.ts";
import { EXCLUSION_MARKS, type ExclusionMark } from "../schema/telemetry.ts";
import { cohortOf } from "./cohort.ts";
import { add, type Counters } from "./counters.ts";
import { elapsed, elapsedForSender, type Moment } from "./event-time.ts";
import { armPrefix, DAY_MS, type Lane, metricPrefix, type OutcomeEvent, type UnitRecord } from "./unit-record.ts";

export type { Fold, Lane, OutcomeEvent, UnitRecord } from "./unit-record.ts";

/*
 * How exposures and outcomes become counts. Pure: a unit's record, the series' counters and the event go in; the record
 * and the counters change. The law behind it: whatever a unit does, and however often, it is one failing, slow, missing
 * or converted unit at most, so units can be compared as independent where requests cannot.
 */

/** An outcome may carry a clock that is this much (ms) behind the one of its exposure. */
export const CLOCK_TOLERANCE_MS = 1_000;

export interface Exposure {
  arm: number;
  at: number;
  arrivedAt: number;
  shift?: number | undefined;
  revision: number;
  marks: readonly ExclusionMark[];
  country?: string | undefined;
  device?: string | undefined;
}

/** Counts an exposure. Only the first of a unit matters; later ones can show that it was reported in a second arm. */
export function recordExposure(
  series: Series,
  lane: Lane,
  known: UnitRecord | undefined,
  exposure: Exposure,
  counters: Counters,
): UnitRecord {
  if (known) {
    if (known.arm >= 0 && known.arm !== exposure.arm && !known.conflict) {
      known.conflict = true;
      add(counters, `${lane}.-.-.conflicting`, 1);
    }
    return known;
  }
  const { at, arrivedAt, shift, revision, marks, country, device } = exposure;
  const mark = EXCLUSION_MARKS.find((one) => marks.includes(one));
  const arm = mark ? -1 : exposure.arm;
  const record: UnitRecord = { arm, at, arrivedAt, revision, marks, folds: series.metrics.map(() => null) };
  if (shift) record.shift = shift;
  if (mark) {
    add(counters, `${lane}.-.-.${mark}`, 1);
    return record;
  }
  const prefix = armPrefix(lane, arm);
  add(counters, `${prefix}exposed`, 1);
  add(counters, `${prefix}day.${Math.floor(at / DAY_MS)}`, 1);
  counters.set(`${prefix}first`, Math.min(counters.get(`${prefix}first`) ?? at, at));
  counters.set(`${prefix}last`, Math.max(counters.get(`${prefix}last`) ?? at, at));
  if (country && series.breakdown?.includes("country")) {
    record.country = country;
    add(counters, `${prefix}country.${country}.exposed`, 1);
  }
  if (device && series.breakdown?.includes("device")) {
    record.device = device;
    add(counters, `${prefix}device.${device}.exposed`, 1);
  }
  for (const [index, metric] of series.metrics.entries()) {
    const wait = tallyOf(metric.kind).waitMs(metric, series);
    if (wait !== null) add(counters, `${metricPrefix(lane, arm, index)}c.${cohortOf(arrivedAt, wait)}.exposed`, 1);
  }
  return record;
}

/**
 * Whether an outcome falls into the window of the unit's first exposure, by our clock or by the one that both were told
 * by: a batch that took long seems to have happened later than it did.
 */
export function inWindow(series: Series, exposure: Moment, outcome: Moment): boolean {
  const isWithin = (ms: number) => ms >= -CLOCK_TOLERANCE_MS && ms <= series.windowSeconds * 1_000;
  if (isWithin(elapsed(exposure, outcome))) return true;
  const ms = elapsedForSender(exposure, outcome);
  return ms !== null && isWithin(ms);
}

/**
 * Folds an outcome into the unit's one outcome of each metric that it feeds.
 *
 * @returns whether the record changed and has to be kept
 */
export function recordOutcome(
  series: Series,
  lane: Lane,
  record: UnitRecord,
  outcome: OutcomeEvent,
  counters: Counters,
): boolean {
  if (record.arm < 0 || !inWindow(series, record, outcome)) return false;
  let changed = false;
  for (const [index, metric] of series.metrics.entries()) {
    const event = eventOf(metric);
    if (event !== null && event !== outcome.event) continue;
    const folding = { series, lane, record, counters, index, prefix: metricPrefix(lane, record.arm, index) };
    const folded = tallyOf(metric.kind).fold(folding, metric, record.folds[index] ?? null, outcome);
    if (folded === null) continue;
    record.folds[index] = folded;
    changed = true;
  }
  return changed;
}
