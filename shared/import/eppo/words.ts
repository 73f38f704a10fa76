import type { ContextWords } from "../model.ts";

export const CONTEXT: ContextWords = {
  provider: "@datadog/openfeature-node-server, or an Eppo client whose subject is the targeting key",
  attributes: { "subject key": "targetingKey", id: "id, or targetingKey where an app sends no id" },
  notes: [
    "Where Eppo's and Datadog's SDKs differ, answers are those of Eppo's.",
    "Bandits and precomputed assignments are not imported.",
  ],
};

export const KNOWN_FIELDS = {
  flag: ["key", "enabled", "variationType", "variations", "allocations", "totalShards", "entityId"],
  allocation: ["key", "rules", "startAt", "endAt", "splits", "doLog"],
} as const;
