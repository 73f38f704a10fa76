import type { ContextWords } from "../model.ts";

export const CONTEXT: ContextWords = {
  provider: "@posthog/openfeature-node-provider",
  attributes: {
    distinct_id: "targetingKey",
    "person properties": "the other attributes",
    groups: "groups",
    "group properties": "groupProperties",
  },
  notes: [
    "Flags answer as the SDK's local evaluation does: without a value where a property is missing that decides.",
    "Payloads are not imported.",
    "A flag with variants is of the type json, since PostHog also answers true or false for it.",
  ],
};

export const KNOWN_FIELDS = {
  flag: [
    "id",
    "team_id",
    "key",
    "name",
    "active",
    "deleted",
    "filters",
    "ensure_experience_continuity",
    "bucketing_identifier",
    "version",
    "is_simple_flag",
    "rollout_percentage",
    "has_encrypted_payloads",
    "evaluation_runtime",
    "evaluation_tags",
  ],
  filters: [
    "groups",
    "multivariate",
    "payloads",
    "super_groups",
    "aggregation_group_type_index",
    "feature_enrollment",
    "holdout",
    "holdout_groups",
    "early_exit",
  ],
} as const;
