import { z } from "zod";
import { json } from "../../schema/primitives.ts";

/*
 * Flags and segments as LaunchDarkly's server SDKs download them (`/sdk/latest-all`, or the `put` of a stream). Fields
 * that are not known pass.
 */

const clause = z.looseObject({
  contextKind: z.string().nullish(),
  attribute: z.string().nullish(),
  op: z.string(),
  values: z.array(z.unknown()).nullish(),
  negate: z.boolean().nullish(),
});
export type Clause = z.infer<typeof clause>;

const rollout = z.looseObject({
  kind: z.string().nullish(),
  contextKind: z.string().nullish(),
  bucketBy: z.string().nullish(),
  seed: z.number().nullish(),
  variations: z.array(z.looseObject({ variation: z.number(), weight: z.number() })).nullish(),
});
export type Rollout = z.infer<typeof rollout>;

const served = { variation: z.number().nullish(), rollout: rollout.nullish() };
export type Served = { variation?: number | null | undefined; rollout?: Rollout | null | undefined };

const target = z.looseObject({
  contextKind: z.string().nullish(),
  values: z.array(z.unknown()).nullish(),
  variation: z.number(),
});
export type Target = z.infer<typeof target>;

const flag = z.looseObject({
  on: z.boolean().nullish(),
  deleted: z.boolean().nullish(),
  salt: z.string().nullish(),
  variations: z.array(json).nullish(),
  offVariation: z.number().nullish(),
  prerequisites: z.array(z.looseObject({ key: z.string(), variation: z.number() })).nullish(),
  targets: z.array(target).nullish(),
  contextTargets: z.array(target).nullish(),
  rules: z.array(z.looseObject({ ...served, clauses: z.array(clause).nullish() })).nullish(),
  fallthrough: z.looseObject(served).nullish(),
  clientSide: z.boolean().nullish(),
  clientSideAvailability: z.looseObject({ usingEnvironmentId: z.boolean().nullish() }).nullish(),
});
export type LaunchdarklyFlag = z.infer<typeof flag>;

const segmentTarget = z.looseObject({ contextKind: z.string().nullish(), values: z.array(z.unknown()).nullish() });

const segment = z.looseObject({
  deleted: z.boolean().nullish(),
  salt: z.string().nullish(),
  included: z.array(z.unknown()).nullish(),
  excluded: z.array(z.unknown()).nullish(),
  includedContexts: z.array(segmentTarget).nullish(),
  excludedContexts: z.array(segmentTarget).nullish(),
  rules: z
    .array(
      z.looseObject({
        clauses: z.array(clause).nullish(),
        weight: z.number().nullish(),
        bucketBy: z.string().nullish(),
        rolloutContextKind: z.string().nullish(),
      }),
    )
    .nullish(),
  unbounded: z.boolean().nullish(),
});
export type LaunchdarklySegment = z.infer<typeof segment>;

/** A stream's `put` has the same in `data`. */
const unwrapped = (document: unknown): unknown =>
  typeof document === "object" && document !== null && !("flags" in document) && "data" in document
    ? document.data
    : document;

export const schema = z.preprocess(
  unwrapped,
  z.looseObject({
    flags: z.record(z.string(), flag, { error: 'give what the server SDK downloads, with its "flags"' }),
    segments: z.record(z.string(), segment).nullish(),
  }),
);
export type LaunchdarklyDocument = z.infer<typeof schema>;
