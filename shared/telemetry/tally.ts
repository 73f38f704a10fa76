import { blockOf, eventOf, type Metric, type Series } from "../schema/series.ts";
import { EXCLUSION_MARKS, type ExclusionMark } from "../schema/telemetry.ts";
import { cohortOf, cohortWaitMs, isOpen } from "./cohort.ts";
import { add, type Counters } from "./counters.ts";
import { binOf } from "./latency-sketch.ts";

/*
 * How exposures and outcomes become counts. Pure: a unit's record, the series' counters and the event go in; the record
 * and the counters change. The law behind it: whatever a unit does, and however often, it is one failing, slow, missing
 * or converted unit at most, so units can be compared as independent where requests cannot.
 */

/** Events of server keys (0), and for series of source `server` those of client keys (1), which never mix. */
export type Lane = 0 | 1;

/** An outcome may carry a clock that is this much (ms) behind the one of its exposure. */
export const CLOCK_TOLERANCE_MS = 1_000;

/**
 * What is known of one unit in one series. `arm` is -1 for units told apart. `folds` holds, per metric, what its events
 * came to; null before the first.
 */
export interface UnitRecord {
  arm: number;
  /** Of the first exposure: when it happened, and when it arrived (epoch ms, the store's clock). */
  at: number;
  arrivedAt: number;
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

export interface Exposure {
  arm: number;
  at: number;
  arrivedAt: number;
  revision: number;
  marks: readonly ExclusionMark[];
  country?: string | undefined;
  device?: string | undefined;
}

export interface OutcomeEvent {
  /** `metric` of the event. */
  event: string;
  at: number;
  arrivedAt: number;
  ok?: boolean | undefined;
  latencyMs?: number | undefined;
  value?: number | undefined;
}

export const metricPrefix = (lane: Lane, arm: number, metric: number): string => `${lane}.${arm}.${metric}.`;
export const armPrefix = (lane: Lane, arm: number): string => `${lane}.${arm}.-.`;

const DAY_MS = 86_400_000;

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
  const { at, arrivedAt, revision, marks, country, device } = exposure;
  const mark = EXCLUSION_MARKS.find((one) => marks.includes(one));
  const arm = mark ? -1 : exposure.arm;
  const record: UnitRecord = { arm, at, arrivedAt, revision, marks, folds: series.metrics.map(() => null) };
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
    const wait = cohortWaitMs(series, metric);
    if (wait !== null) add(counters, `${metricPrefix(lane, arm, index)}c.${cohortOf(arrivedAt, wait)}.exposed`, 1);
  }
  return record;
}

/** Whether an outcome that happened then falls into the window of the unit's first exposure. */
export const inWindow = (series: Series, exposedAt: number, at: number): boolean =>
  at >= exposedAt - CLOCK_TOLERANCE_MS && at <= exposedAt + series.windowSeconds * 1_000;

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
  if (record.arm < 0 || !inWindow(series, record.at, outcome.at)) return false;
  let changed = false;
  for (const [index, metric] of series.metrics.entries()) {
    const event = eventOf(metric);
    if (event !== null && event !== outcome.event) continue;
    if (fold({ series, lane, record, counters }, index, metric, outcome)) changed = true;
  }
  return changed;
}

interface Folding {
  readonly series: Series;
  readonly lane: Lane;
  readonly record: UnitRecord;
  readonly counters: Counters;
}

function fold(folding: Folding, index: number, metric: Metric, outcome: OutcomeEvent): boolean {
  const { series, lane, record, counters } = folding;
  const known = record.folds[index] ?? null;
  const count = known?.[0] ?? 0;
  const prefix = metricPrefix(lane, record.arm, index);
  switch (metric.kind) {
    case "error": {
      if (outcome.ok === undefined || count >= series.outcomes) return false;
      const failed = known?.[1] === 1 || !outcome.ok;
      if (count === 0) add(counters, `${prefix}units`, 1);
      if (failed && known?.[1] !== 1) hit(folding, prefix, "failures");
      record.folds[index] = [count + 1, failed ? 1 : 0];
      return true;
    }
    case "slow": {
      if (outcome.latencyMs === undefined || count >= series.outcomes) return false;
      const bin = Math.max(known?.[1] ?? 0, binOf(outcome.latencyMs));
      const block = blockOf(record.at - series.startedAt, metric.blockSeconds);
      if (known === null) {
        add(counters, `${prefix}units`, 1);
        add(counters, `${prefix}b.${block}`, 1);
      }
      if (known === null || known[1] !== bin) {
        if (known !== null) add(counters, `${prefix}h.${block}.${known[1]}`, -1);
        add(counters, `${prefix}h.${block}.${bin}`, 1);
      }
      record.folds[index] = [count + 1, bin];
      return true;
    }
    case "conversion": {
      if (known !== null || outcome.ok === false) return false;
      hit(folding, prefix, "conversions");
      const { country, device } = record;
      const arm = armPrefix(lane, record.arm);
      if (isFirstConversion(series, index)) {
        if (country) add(counters, `${arm}country.${country}.conversions`, 1);
        if (device) add(counters, `${arm}device.${device}.conversions`, 1);
      }
      record.folds[index] = [1, 1];
      return true;
    }
    case "missing": {
      if (known !== null) return false;
      const wait = cohortWaitMs(series, metric) ?? 0;
      const inTime = isOpen(record.arrivedAt, wait, outcome.arrivedAt);
      if (inTime) add(counters, `${prefix}c.${cohortOf(record.arrivedAt, wait)}.answered`, 1);
      record.folds[index] = [1, inTime ? 1 : 0];
      return true;
    }
    case "mean": {
      if (outcome.value === undefined || count >= series.outcomes) return false;
      const wait = cohortWaitMs(series, metric) ?? 0;
      if (!isOpen(record.arrivedAt, wait, outcome.arrivedAt)) return false;
      const cohort = `${prefix}c.${cohortOf(record.arrivedAt, wait)}.`;
      const sum = (known?.[1] ?? 0) + outcome.value;
      const before = known === null ? 0 : bounded(metric, known[1]);
      const after = bounded(metric, sum);
      if (known === null) add(counters, `${cohort}reporting`, 1);
      add(counters, `${cohort}sum`, after - before);
      add(counters, `${cohort}squares`, after * after - before * before);
      record.folds[index] = [count + 1, sum];
      return true;
    }
  }
}

/** Counts a failing or converting unit, and on which day it had been exposed. */
function hit({ record, counters }: Folding, prefix: string, field: "failures" | "conversions"): void {
  add(counters, `${prefix}${field}`, 1);
  add(counters, `${prefix}day.${Math.floor(record.at / DAY_MS)}`, 1);
}

export const bounded = (metric: { min: number; max: number }, value: number): number =>
  Math.min(metric.max, Math.max(metric.min, value));

/** Breakdowns show conversions of the first conversion metric. */
const isFirstConversion = (series: Series, index: number): boolean =>
  series.metrics.findIndex(({ kind }) => kind === "conversion") === index;
