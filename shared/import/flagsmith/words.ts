import type { ContextWords } from "../model.ts";

export const context: ContextWords = {
  provider: "Flagsmith's OpenFeature provider",
  attributes: { identifier: "targetingKey", "traits.NAME": "NAME" },
  notes: [
    "Traits are attributes of the context itself. Without a targetingKey everybody gets the environment's own value, as an app that asks without an identity.",
    "A feature without values is a boolean flag. One with values serves them while it is on, and the caller's default while it is off.",
    "Where a trait is of a type for which Flagsmith's engine throws (a number that is searched for a text, a text that is no version), the condition does not hold here.",
  ],
};
