import type { FormatCase } from "../format-case.ts";

/** A property, attributes, and whether it is met; undefined: PostHog cannot decide it. */
type Row = readonly [property: object, context: Readonly<Record<string, unknown>>, met: boolean | undefined];

const PROPERTIES: readonly Row[] = [
  [{ key: "plan", value: "Pro" }, { plan: "pRO" }, true],
  [{ key: "plan", value: ["a", "b"], operator: "exact" }, { plan: "b" }, true],
  [{ key: "plan", value: "pro", operator: "exact" }, {}, undefined],
  [{ key: "plan", value: "pro", operator: "exact" }, { plan: null }, false],
  [{ key: "plan", value: "1.5", operator: "exact" }, { plan: 1.5 }, true],
  [{ key: "plan", value: "true", operator: "exact" }, { plan: true }, true],
  [{ key: "plan", value: "false", operator: "exact" }, { plan: "anything" }, true],
  [{ key: "plan", value: "pro", operator: "is_not" }, { plan: "free" }, true],
  [{ key: "plan", value: "pro", operator: "is_not" }, { plan: null }, true],
  [{ key: "plan", value: ["pro"], operator: "is_not" }, {}, undefined],
  [{ key: "plan", operator: "is_set" }, { plan: null }, true],
  [{ key: "plan", operator: "is_set" }, {}, undefined],
  [{ key: "plan", operator: "is_not_set" }, { plan: "x" }, false],
  [{ key: "mail", value: "SHOP", operator: "icontains" }, { mail: "a@shop.example" }, true],
  [{ key: "mail", value: "shop", operator: "not_icontains" }, { mail: "a@shop.example" }, false],
  [{ key: "mail", value: "A@", operator: "starts_with" }, { mail: "a@shop.example" }, true],
  [{ key: "mail", value: ".com", operator: "not_ends_with" }, { mail: "a@shop.example" }, true],
  [{ key: "mail", value: "\\.example$", operator: "regex" }, { mail: "a@shop.example" }, true],
  [{ key: "mail", value: "x", operator: "not_regex" }, { mail: 12 }, true],
  [{ key: "mail", value: "(", operator: "regex" }, { mail: "(" }, false],
  [{ key: "mail", value: "a", operator: "regex" }, { mail: "ä" }, undefined],
  [{ key: "age", value: 10, operator: "gt" }, { age: "11" }, true],
  [{ key: "age", value: "10", operator: "lte" }, { age: 10 }, true],
  [{ key: "age", value: "b", operator: "lt" }, { age: "a" }, true],
  [{ key: "age", value: 10, operator: "gte" }, { age: null }, false],
  [{ key: "at", value: "2026-01-01", operator: "is_date_before" }, { at: "2025-12-31T23:59:59Z" }, true],
  [{ key: "at", value: "2026-01-01", operator: "is_date_after" }, { at: "soon" }, undefined],
  [{ key: "at", value: "-30d", operator: "is_date_after" }, { at: "2026-11-02T00:00:01Z" }, true],
  [{ key: "at", value: "-1m", operator: "is_date_before" }, { at: "2026-10-31T23:59:59Z" }, true],
  [{ key: "at", value: "-2y", operator: "is_date_before" }, { at: "2024-12-02T00:00:00Z" }, false],
  [{ key: "v", value: "1.2.3", operator: "semver_gt" }, { v: "v1.3" }, true],
  [{ key: "v", value: "1.2.3", operator: "semver_neq" }, { v: "1.2.3-beta" }, false],
  [{ key: "v", value: "1.2.3", operator: "semver_tilde" }, { v: "1.2.9" }, true],
  [{ key: "v", value: "0.2.3", operator: "semver_caret" }, { v: "0.3.0" }, false],
  [{ key: "v", value: "1.2.*", operator: "semver_wildcard" }, { v: "1.2.7" }, true],
  [{ key: "v", value: "1.2.3", operator: "semver_eq" }, { v: "x" }, undefined],
  [{ key: "distinct_id", value: "u", operator: "exact" }, {}, true],
  [{ key: "id", type: "cohort", value: 1 }, { plan: "pro", age: 5 }, true],
  [{ key: "id", type: "cohort", value: 1 }, { plan: "pro", age: 50 }, false],
  [{ key: "id", type: "cohort", value: 1 }, { age: 50 }, false],
  [{ key: "id", type: "cohort", value: 1 }, { age: 5 }, undefined],
  [{ key: "id", type: "cohort", value: 1, operator: "not_in" }, { plan: "free", age: 5 }, true],
];

const cohorts = {
  1: {
    type: "AND",
    values: [
      { key: "plan", value: "pro", operator: "exact" },
      { key: "age", value: 10, operator: "gt", negation: true },
    ],
  },
};
const flag = (groups: readonly object[], filters: object = {}, fields: object = {}) => ({
  flags: [{ key: "f", active: true, filters: { groups, ...filters }, ...fields }],
  group_type_mapping: { 0: "company" },
  cohorts,
});
const variants = {
  multivariate: {
    variants: [
      { key: "x", rollout_percentage: 50 },
      { key: "y", rollout_percentage: 50 },
    ],
  },
};
const of = (targetingKey: string, value: unknown, more: object = {}) => ({
  flag: "f",
  context: { targetingKey, ...more },
  value,
});

export const cases: readonly FormatCase[] = [
  ...PROPERTIES.map(([property, attributes, met]) => ({
    name: `${JSON.stringify(property)} of ${JSON.stringify(attributes)}`,
    document: flag([{ properties: [property], rollout_percentage: 100 }]),
    rows: [of("u", met, attributes)],
  })),
  { name: "a flag that is not active", document: flag([{}], {}, { active: false }), rows: [of("u", false)] },
  { name: "a flag without conditions", document: flag([]), rows: [of("u", false)] },
  { name: "a share of nobody", document: flag([{ rollout_percentage: 0 }]), rows: [of("u", false)] },
  {
    name: "a variant that a condition names",
    document: flag([{ variant: "y" }], variants),
    rows: [of("u", "y")],
  },
  {
    name: "a condition that is met decides, whatever cannot be decided before it",
    document: flag([{ properties: [{ key: "gone", value: "x" }] }, { properties: [{ key: "plan", value: "pro" }] }]),
    rows: [of("u", true, { plan: "pro" }), of("u", undefined, { plan: "free" })],
  },
  {
    name: "flags of groups",
    document: flag([{ properties: [{ key: "size", type: "group", value: 5, operator: "gt" }] }], {
      aggregation_group_type_index: 0,
    }),
    rows: [
      of("u", false),
      of("u", true, { groups: { company: "c" }, groupProperties: { company: { size: 6 } } }),
      of("u", undefined, { groups: { company: "c" } }),
    ],
  },
  {
    name: "an early exit ends it for who is outside of the share",
    document: flag([{ rollout_percentage: 0 }, { rollout_percentage: 100 }], { early_exit: true }),
    rows: [of("u", false)],
  },
  {
    name: "a holdout of everybody",
    document: flag([{ rollout_percentage: 100 }], { ...variants, holdout: { id: 7, exclusion_percentage: 100 } }),
    rows: [of("u", "holdout-7")],
  },
];
