import { z } from "zod";
import { LIMITS } from "../limits.ts";
import { key } from "./primitives.ts";

/** Flags and attributes that one report of an edge names at most; the rest goes with the next. */
export const USAGE_REPORT_FLAGS = 1_000;
export const USAGE_REPORT_ATTRIBUTES = 100;

const attributeName = z.string().min(1).max(200);
/** What tells groups of people apart: never a number, a date or an identifier. */
const attributeValue = z.union([z.boolean(), z.string().max(40)]);

/** Upper bounds (ms) of the ages by which answers are counted: of what an isolate knew when it answered. */
export const KNOWLEDGE_AGE_BOUNDS_MS = [500, 1_000, 2_000, 5_000, 30_000] as const;

const COUNTER =
  /^(?:evaluations\.(?:client|server)\.(?:one|bulk)|not_modified|limited|age\.[0-5]|age_ms|key\.key_[0-9a-f]{1,40}\.(?:asked|limited|other))$/;
/**
 * Totals since `reporter` began counting, by name: `evaluations.client.bulk`, `not_modified`, `limited`, `age.0` to
 * `age.5` (answers by the bounds above), `age_ms` (their sum), `key.ID.asked`, `key.ID.limited`, and `key.ID.other` for requests that are no evaluations. The names are a fixed
 * list but for an environment's keys, whose number is bounded.
 */
export const usageCounts = z
  .record(z.string().regex(COUNTER), z.number().min(0))
  .refine((counts) => Object.keys(counts).length <= 20 + 3 * LIMITS.keysPerEnvironment, "too many counters");
export type UsageCounts = z.infer<typeof usageCounts>;

/** What an edge tells the store, at most once a minute: what it was asked for in one environment. */
export const usageReport = z.object({
  /** Flags asked for by name. */
  flags: z.array(key).max(USAGE_REPORT_FLAGS),
  /** Some client asked for all flags at once. */
  bulk: z.boolean(),
  /** Of sampled contexts of server keys. */
  attributes: z
    .array(z.object({ name: attributeName, values: z.array(attributeValue).max(20) }))
    .max(USAGE_REPORT_ATTRIBUTES),
  /** Who counts: one isolate, for as long as it remembers. */
  reporter: z.string().min(1).max(40).optional(),
  counts: usageCounts.optional(),
});
export type UsageReport = z.infer<typeof usageReport>;

/** What an environment was asked for lately. Times are to the minute. */
export const usageView = z
  .object({
    /** When all flags were last asked for at once. */
    bulkAt: z.string().nullable(),
    /** When each flag was last asked for by name; flags that never were are not in it. */
    flags: z.record(key, z.string()),
    /** Attributes that apps send, by name. Values only of those that have few. */
    attributes: z.array(z.object({ name: attributeName, values: z.array(attributeValue) })),
  })
  .meta({ id: "Usage", description: "When flags were last asked for, and which attributes apps send" });
export type UsageView = z.infer<typeof usageView>;
