import { z } from "zod";
import { json } from "../../schema/primitives.ts";

/*
 * Flag definitions as PostHog's server SDKs download them for local evaluation (`/flags/definitions?send_cohorts`, earlier
 * `/api/feature_flag/local_evaluation`). Fields that are not known pass.
 */

const property = z.looseObject({
  key: z.string().nullish(),
  type: z.string().nullish(),
  value: z.unknown().optional(),
  operator: z.string().nullish(),
  negation: z.boolean().nullish(),
  dependency_chain: z.array(z.string()).nullish(),
});
export type Property = z.infer<typeof property>;

const group = z.looseObject({
  properties: z.array(property).nullish(),
  rollout_percentage: z.number().nullish(),
  variant: z.string().nullish(),
  aggregation_group_type_index: z.number().nullish(),
});
export type Group = z.infer<typeof group>;

const filters = z.looseObject({
  groups: z.array(group).nullish(),
  multivariate: z
    .looseObject({ variants: z.array(z.looseObject({ key: z.string(), rollout_percentage: z.number() })).nullish() })
    .nullish(),
  payloads: z.record(z.string(), json).nullish(),
  holdout: z
    .looseObject({
      id: z.union([z.number(), z.string()]).nullish(),
      exclusion_percentage: z.union([z.number(), z.string()]).nullish(),
    })
    .nullish(),
  holdout_groups: z.unknown().optional(),
  early_exit: z.boolean().nullish(),
  super_groups: z.array(z.unknown()).nullish(),
  aggregation_group_type_index: z.number().nullish(),
});

const flag = z.looseObject({
  key: z.string(),
  name: z.string().nullish(),
  active: z.boolean().nullish(),
  deleted: z.boolean().nullish(),
  filters: filters.nullish(),
  ensure_experience_continuity: z.boolean().nullish(),
  bucketing_identifier: z.string().nullish(),
});
export type PosthogFlag = z.infer<typeof flag>;

/** A cohort's conditions, or a part of them. */
export interface PropertyGroup {
  readonly type?: string | null | undefined;
  readonly values?: readonly (PropertyGroup | Property)[] | null | undefined;
}

export const schema = z.looseObject({
  flags: z.array(flag, { error: 'give the definitions for local evaluation, with their "flags"' }),
  group_type_mapping: z.record(z.string(), z.string()).nullish(),
  cohorts: z.record(z.string(), z.unknown()).nullish(),
  property_matching_version: z.number().nullish(),
});
export type PosthogDocument = z.infer<typeof schema>;
