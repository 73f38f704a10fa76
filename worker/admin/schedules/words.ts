import type { AuditWords } from "../../../shared/audit-words.ts";

export const words: AuditWords = {
  entities: { schedule: "the schedule" },
};
