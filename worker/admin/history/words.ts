import type { AuditWords } from "../../../shared/audit-words.ts";

export const words: AuditWords = {
  entities: {},
  actions: { import: "imported a document, changing", revert: "put back an earlier version of" },
};
