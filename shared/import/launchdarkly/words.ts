import type { ContextWords } from "../model.ts";

export const CONTEXT: ContextWords = {
  provider: "@launchdarkly/openfeature-node-server",
  attributes: { key: "targetingKey, or key where there is none", kind: "kind, or user where there is none" },
  notes: [
    'A context whose kind is "multi" holds the attributes of each kind in an attribute of the kind\'s name.',
    "LaunchDarkly answers the caller's default for a context without a key; here such a context is evaluated.",
    "Whether a user is in an experiment is not told apart: exposures count for all who are served a variant.",
  ],
};

/** What is read, and what changes no answer. */
export const KNOWN_FIELDS = {
  flag: [
    "key",
    "version",
    "on",
    "deleted",
    "salt",
    "sel",
    "variations",
    "offVariation",
    "prerequisites",
    "targets",
    "contextTargets",
    "rules",
    "fallthrough",
    "clientSide",
    "clientSideAvailability",
    "trackEvents",
    "trackEventsFallthrough",
    "debugEventsUntilDate",
    "samplingRatio",
    "excludeFromSummaries",
  ],
  segment: [
    "key",
    "version",
    "deleted",
    "salt",
    "included",
    "excluded",
    "includedContexts",
    "excludedContexts",
    "rules",
    "unbounded",
    "unboundedContextKind",
    "generation",
  ],
} as const;
