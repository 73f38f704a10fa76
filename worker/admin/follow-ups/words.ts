import type { AuditWords } from "../../../shared/audit-words.ts";

export const words: AuditWords = {
  entities: {
    followUp: {
      name: "the follow-up",
      change: (before, after) => (before && after && !before.done && after.done ? "completed the follow-up" : null),
    },
  },
};
