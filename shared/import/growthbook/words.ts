import type { ContextWords } from "../model.ts";

export const CONTEXT: ContextWords = {
  provider: "@openfeature/growthbook-provider",
  attributes: { id: "id, or targetingKey where an app sends no id" },
  notes: [
    "Sticky buckets are not imported: who was assigned before is assigned anew by the same hash.",
    "Experiments of the visual editor and redirects are not flags and are not imported.",
  ],
};

/** Of a rule: what remembers earlier assignments. */
export const STICKY = ["fallbackAttribute", "bucketVersion", "minBucketVersion"] as const;

/** What is read, and what changes no answer. */
export const KNOWN_FIELDS = {
  feature: ["defaultValue", "rules"],
  rule: [
    "id",
    "condition",
    "parentConditions",
    "filters",
    "force",
    "coverage",
    "range",
    "variations",
    "weights",
    "ranges",
    "key",
    "name",
    "phase",
    "seed",
    "hashAttribute",
    "hashVersion",
    "namespace",
    "meta",
    "tracks",
    "disableStickyBucketing",
    ...STICKY,
  ],
} as const;
