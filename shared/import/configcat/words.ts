import type { ContextWords } from "../model.ts";

export const CONTEXT: ContextWords = {
  provider: "@openfeature/config-cat-provider",
  attributes: { Identifier: "targetingKey, or identifier where there is none", Email: "email", Country: "country" },
  notes: [],
};

export const KNOWN_FIELDS = { setting: ["t", "a", "r", "p", "v", "i"] } as const;
