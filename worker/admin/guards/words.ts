import type { AuditWords } from "../../../shared/audit-words.ts";

export const words: AuditWords = {
  entities: { guard: "the guard of", breach: "a report of harm by" },
};
