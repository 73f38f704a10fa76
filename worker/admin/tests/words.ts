import type { AuditWords } from "../../../shared/audit-words.ts";

export const words: AuditWords = {
  entities: { test: "the test" },
  actions: {
    putTest: "set up the test",
    startTest: "started the test",
    stopTest: "ended the test",
    stageTest: "took the dark launch to another stage:",
    deleteTest: "deleted the test",
  },
};
