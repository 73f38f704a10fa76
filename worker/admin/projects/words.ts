import type { AuditWords } from "../../../shared/audit-words.ts";

export const words: AuditWords = {
  entities: { environment: "the environment", project: "the project" },
};
