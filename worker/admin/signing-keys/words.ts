import type { AuditWords } from "../../../shared/audit-words.ts";

export const words: AuditWords = {
  entities: {
    signingKey: { name: "the signing key", change: (_before, after) => (after ? null : "revoked the signing key") },
  },
};
