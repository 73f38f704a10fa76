import type { AuditWords } from "../../../shared/audit-words.ts";

export const words: AuditWords = {
  entities: {
    kill: {
      name: "the kill of",
      change: (_before, after) => (after && after.clearedRevision === undefined ? "killed" : "restored"),
    },
    tombstone: "the tombstone",
  },
};
