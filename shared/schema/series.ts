import { z } from "zod";
import type { Direction } from "../guard/metrics/fields.ts";
import { METRIC_SCHEMAS, METRIC_SETTINGS } from "../guard/metrics/schemas.ts";
import { SPLIT_TOTAL } from "../limits.ts";
import { range } from "./flag.ts";
import { key } from "./primitives.ts";

/*
 * A series is one uninterrupted observation of a flag in an environment: one stage of a plan between two restarts, a
 * stand-alone guard, a running test. It rides in the snapshot beside the flag, so an edge knows at no cost what an
 * event belongs to. Everything that decides how events are counted is fixed here before the first event, because
 * statistics that are looked at all the time are only valid for counts whose rule nobody could choose afterwards.
 */

/** Limits of a series, with their reasons. */
export const SERIES_LIMITS = {
  /** Each metric costs a few numbers per unit and arm. */
  metrics: 20,
  /** A unit's window may last two weeks: beyond, few units ever return to be counted. */
  windowSeconds: 14 * 86_400,
  /** Requests folded into a unit's one outcome. More only delay it. */
  outcomes: 1_000,
} as const;

/** How a unit's events become its one outcome, by kind. */
export const metric = z.discriminatedUnion("kind", METRIC_SETTINGS).meta({ id: "Metric" });
export type Metric = z.infer<typeof metric>;
export type MetricKind = Metric["kind"];
export const METRIC_KINDS = Object.keys(METRIC_SCHEMAS) as [MetricKind, ...MetricKind[]];

/** Which way a metric gets worse. */
export const directionOf = (one: Metric): Direction =>
  (METRIC_SCHEMAS[one.kind].worse as (metric: Metric) => Direction)(one);

/** The `metric` of the events that feed it; null: any event. */
export const eventOf = (one: Metric): string | null =>
  one.event ?? (METRIC_SCHEMAS[one.kind].takesAnyEvent ? null : one.name);

export const series = z
  .strictObject({
    /** Unique in the environment for good: per flag, stage and restart, such as `plan-12/2`. A kill closes it. */
    id: z.string().min(1).max(120),
    /** Unit of analysis: the split's attribute. */
    by: z.string().min(1).max(200),
    /** Epoch ms. What happened before is not of this series, however late it arrives. */
    startedAt: z.int().min(0),
    /** What is compared; shares are parts of SPLIT_TOTAL. One arm alone has no concurrent control. */
    arms: z
      .array(z.strictObject({ variant: key, share: z.int().min(1).max(SPLIT_TOTAL) }))
      .min(1)
      .max(50),
    /** The arm that the others are compared with; null without a concurrent control (staff, blue-green). */
    control: key.nullable(),
    /**
     * The split's ranges. With them an edge checks that an exposure's variant is the one that the split gives this unit;
     * others (staff rules, stale caches, made-up events) say nothing about the split and are kept apart as mismatched.
     */
    ranges: z.array(range).max(1_000).optional(),
    /** The rule whose split it is, null for the fallthrough: exposures that name another rule are kept out. */
    rule: key.nullable().optional(),
    /** Outcomes count within this time after their unit's first exposure. */
    windowSeconds: z.int().min(1).max(SERIES_LIMITS.windowSeconds),
    /** Events of a unit that are folded into its one outcome per metric: the first so many. */
    outcomes: z.int().min(1).max(SERIES_LIMITS.outcomes),
    metrics: z.array(metric).max(SERIES_LIMITS.metrics),
    /** `server`: events of client keys are counted apart and decide nothing; guards that may kill are of this kind. */
    source: z.enum(["server", "any"]),
    /** Segment of staff, who are told apart and never counted. */
    staff: key.optional(),
    /** Count units by these, too (of the visitor's own request, so of client keys only). */
    breakdown: z.array(z.enum(["country", "device"])).optional(),
  })
  .superRefine((value, context) => {
    const variants = value.arms.map(({ variant }) => variant);
    const names = value.metrics.map(({ name }) => name);
    if (new Set(variants).size < variants.length)
      context.addIssue({ code: "custom", path: ["arms"], message: "a variant stands twice among the arms" });
    if (new Set(names).size < names.length)
      context.addIssue({ code: "custom", path: ["metrics"], message: "two metrics have the same name" });
    if (value.control !== null && !variants.includes(value.control))
      context.addIssue({ code: "custom", path: ["control"], message: `the arms are ${variants.join(", ")}` });
  })
  .meta({ id: "Series" });
export type Series = z.infer<typeof series>;

const MAX_BLOCK_MS = 3_600_000;

/**
 * The block of time that a unit belongs to: 0, 1 (of `blockSeconds` each), then each twice as long as the one before,
 * up to an hour. Early blocks are short so that a threshold exists soon; later ones so long that they stay few.
 *
 * @param elapsedMs from the series' start to the unit's first exposure
 */
export function blockOf(elapsedMs: number, blockSeconds: number): number {
  let length = blockSeconds * 1_000;
  if (elapsedMs < length) return 0;
  let from = length;
  let block = 1;
  while (length < MAX_BLOCK_MS && elapsedMs >= from + length) {
    from += length;
    length = Math.min(length * 2, MAX_BLOCK_MS);
    block++;
  }
  return block + Math.max(0, Math.floor((elapsedMs - from) / length));
}
