/**
 * Names under which apps report unless they choose others. An event without a `metric` has the name of its type, so
 * these are those of the types `outcome` and `conversion`. Presets, forms, examples and docs all use them: a guard that
 * listens for another name than the app reports sees nothing.
 */
export const DEFAULT_OUTCOME_EVENT = "outcome";
export const DEFAULT_GOAL_EVENT = "conversion";
