import { z } from "zod";
import { json } from "../../schema/primitives.ts";

/*
 * The payload that GrowthBook's SDKs download (`/api/features/{key}`). Fields that are not known pass.
 */

/** A condition in the manner of MongoDB. */
const mongo = z.record(z.string(), z.unknown());

const range = z.tuple([z.number(), z.number()]);

const filter = z.looseObject({
  attribute: z.string().nullish(),
  seed: z.string(),
  hashVersion: z.number().nullish(),
  ranges: z.array(range),
});
export type Filter = z.infer<typeof filter>;

const parentCondition = z.looseObject({
  id: z.string(),
  condition: mongo.nullish(),
  gate: z.boolean().nullish(),
});
export type ParentCondition = z.infer<typeof parentCondition>;

const meta = z.looseObject({ key: z.string().nullish(), passthrough: z.boolean().nullish() });

const rule = z.looseObject({
  id: z.string().nullish(),
  condition: mongo.nullish(),
  parentConditions: z.array(parentCondition).nullish(),
  filters: z.array(filter).nullish(),
  force: json.optional(),
  coverage: z.number().nullish(),
  range: range.nullish(),
  variations: z.array(json).nullish(),
  weights: z.array(z.number()).nullish(),
  ranges: z.array(range).nullish(),
  key: z.string().nullish(),
  seed: z.string().nullish(),
  hashAttribute: z.string().nullish(),
  hashVersion: z.number().nullish(),
  namespace: z.tuple([z.string(), z.number(), z.number()]).nullish(),
  meta: z.array(meta).nullish(),
  disableStickyBucketing: z.boolean().nullish(),
});
export type GrowthbookRule = z.infer<typeof rule>;

const feature = z.looseObject({ defaultValue: json.optional(), rules: z.array(rule).nullish() });
export type Feature = z.infer<typeof feature>;

export const schema = z.looseObject({
  features: z.record(z.string(), feature, {
    error: 'give the payload of the SDK with its "features"; decrypt it first where it has "encryptedFeatures"',
  }),
  savedGroups: z.record(z.string(), z.array(z.unknown())).nullish(),
});
export type GrowthbookDocument = z.infer<typeof schema>;
