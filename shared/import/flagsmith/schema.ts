import { z } from "zod";

/**
 * Flagsmith's environment document, which its server SDKs download, and the evaluation context that its engines take.
 * Fields that are not known pass.
 */

const maybe = <S extends z.ZodType>(schema: S) => schema.nullish();
const scalar = z.union([z.string(), z.number(), z.boolean()]);
const id = z.union([z.number(), z.string()]);

const condition = z.looseObject({
  operator: z.string(),
  value: maybe(z.union([scalar, z.array(scalar)])),
  property: maybe(z.string()),
  property_: maybe(z.string()),
});
export type FlagsmithCondition = z.infer<typeof condition>;

export interface FlagsmithRule {
  type: string;
  conditions?: FlagsmithCondition[] | null | undefined;
  rules?: FlagsmithRule[] | null | undefined;
}
const rule: z.ZodType<FlagsmithRule> = z.lazy(() =>
  z.looseObject({ type: z.string(), conditions: maybe(z.array(condition)), rules: maybe(z.array(rule)) }),
);

const multivariate = z.looseObject({
  id: maybe(z.number()),
  mv_fs_value_uuid: maybe(z.string()),
  percentage_allocation: z.number(),
  multivariate_feature_option: z.looseObject({ id: maybe(z.number()), value: maybe(scalar) }),
});

const featureState = z.looseObject({
  feature: z.looseObject({ id: maybe(id), name: z.string(), type: maybe(z.string()) }),
  enabled: z.boolean(),
  django_id: maybe(id),
  featurestate_uuid: maybe(z.string()),
  feature_state_value: maybe(scalar),
  feature_segment: maybe(z.looseObject({ priority: maybe(z.number()) })),
  multivariate_feature_state_values: maybe(z.array(multivariate)),
});
export type FeatureState = z.infer<typeof featureState>;

const segment = z.looseObject({
  id,
  name: z.string(),
  rules: z.array(rule),
  feature_states: maybe(z.array(featureState)),
});

const environment = z.looseObject({
  api_key: z.string(),
  name: maybe(z.string()),
  project: z.looseObject({ segments: maybe(z.array(segment)) }),
  feature_states: z.array(featureState),
  identity_overrides: maybe(
    z.array(z.looseObject({ identifier: z.string(), identity_features: maybe(z.array(featureState)) })),
  ),
});
export type EnvironmentDocument = z.infer<typeof environment>;

const variant = z.looseObject({ value: maybe(scalar), weight: z.number(), priority: maybe(z.number()) });
const feature = z.looseObject({
  key: maybe(id),
  name: z.string(),
  enabled: z.boolean(),
  value: maybe(scalar),
  priority: maybe(z.number()),
  variants: maybe(z.array(variant)),
});
export type Feature = z.infer<typeof feature>;

const evaluationContext = z.looseObject({
  environment: z.looseObject({ key: z.string(), name: maybe(z.string()) }),
  features: z.record(z.string(), feature),
  segments: maybe(
    z.record(
      z.string(),
      z.looseObject({ key: id, name: z.string(), rules: z.array(rule), overrides: maybe(z.array(feature)) }),
    ),
  ),
});
export type EvaluationContext = z.infer<typeof evaluationContext>;

export const schema = z.union([environment, evaluationContext], {
  error: "this is neither an environment document (api_key, project, feature_states) nor an evaluation context",
});
export type Document = z.infer<typeof schema>;
