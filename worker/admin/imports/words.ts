import type { AuditWords } from "../../../shared/audit-words.ts";

export const words: AuditWords = {
  entities: { origin: "where a flag came from" },
};
