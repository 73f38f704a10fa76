import type { ContextWords } from "../model.ts";

export const context: ContextWords = {
  provider: "flagd's in-process OpenFeature provider",
  attributes: { targetingKey: "targetingKey", NAME: "NAME" },
  notes: [
    "$flagd.flagKey and $flagd.timestamp are known here.",
    "Keys of fractional beyond ASCII are hashed as flagd's SDK for JavaScript hashes them.",
    "A flag that is disabled, or whose rule fails, gives the caller's default.",
  ],
};
