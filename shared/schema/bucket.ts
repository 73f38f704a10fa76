import { z } from "zod";
import { LIMITS } from "../limits.ts";

/**
 * How an attribute becomes a position, which splits and bucket conditions compare. `blastdoor-1` is our own; the others
 * are those of other vendors, bit for bit, so that an imported flag moves nobody. `shared/evaluation/dialects/` has them.
 */
export const BUCKET_ALGORITHMS = [
  "blastdoor-1",
  "unleash-murmur3",
  "growthbook-1",
  "growthbook-2",
  "launchdarkly-sha1",
  "flagd-murmur3-1",
  "flagd-murmur3-2",
  "eppo-md5",
  "posthog-sha1",
  "flagsmith-md5",
  "configcat-sha1",
  "configcat-sha256",
  "gofeatureflag-fnv",
  "flipt-crc32",
  "statsig-sha256",
  "remainder",
] as const;
export const bucketAlgorithm = z.enum(BUCKET_ALGORITHMS);
export type BucketAlgorithmName = z.infer<typeof bucketAlgorithm>;

/** What the algorithm mixes with the attribute, in its own order: see each algorithm. */
export const bucketSeed = z.array(z.string().max(LIMITS.conditionValueChars)).max(4);

/**
 * Holds for those whose position lies in [from, to). Ends are compared as they stand, so an end that a vendor includes
 * is written as the next number after it. Someone without the attribute is nowhere, unless the algorithm says otherwise.
 */
export const bucketTest = z
  .strictObject({
    /** The attribute. */
    by: z.string().min(1).max(200),
    algorithm: bucketAlgorithm,
    seed: bucketSeed,
    /** How many positions there are, for algorithms that count them. */
    positions: z.int().min(1).max(2_147_483_647).optional(),
    from: z.number(),
    to: z.number(),
  })
  .meta({ id: "BucketTest" });
export type BucketTest = z.infer<typeof bucketTest>;

/**
 * How an attribute is read before a test sees it, where another vendor converts types: see
 * `shared/evaluation/dialects/readings.ts`.
 */
export const READINGS = [
  "text",
  "number",
  "instant",
  "version",
  "truthy",
  "kind",
  "string",
  "logic-number",
  "logic-truthy",
  "flagd-version",
  "type",
  "json",
  "coerced-number",
  "age",
  "months-ago",
  "years-ago",
  "each-text",
  "each-number",
  "leading-number",
  "growthbook-version",
  "launchdarkly-instant",
  "launchdarkly-version",
  "npm-version",
  "posthog-version",
  "configcat-text",
  "configcat-number",
  "configcat-list",
  "posthog-text",
  "posthog-true",
  "ascii-lower-case",
  "null-text",
  "ascii-text",
  "date",
] as const;
export const reading = z.enum(READINGS);
export type Reading = z.infer<typeof reading>;
