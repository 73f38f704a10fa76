import type { AuditWords } from "../../../shared/audit-words.ts";

export const words: AuditWords = {
  entities: {
    key: { name: "a key", change: (_before, after) => (after ? null : "revoked a key") },
  },
};
