import { z } from "zod";
import { key } from "./primitives.ts";

/** Flags and attributes that one report of an edge names at most; the rest goes with the next. */
export const USAGE_REPORT_FLAGS = 1_000;
export const USAGE_REPORT_ATTRIBUTES = 100;

const attributeName = z.string().min(1).max(200);
/** What tells groups of people apart: never a number, a date or an identifier. */
const attributeValue = z.union([z.boolean(), z.string().max(40)]);

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
